/** Makes one list of the objects that several devices printed. Pure. */
import type { KubeObject } from '../../api/meta.ts';

/** Says on which device an object of the list is. */
const nodeAnnotation = 'eliot.run/node';

/** @param printed JSON of an object or a list by device; nothing counts as none */
export function mergeObjects(printed: readonly { readonly node: string; readonly text: string }[]): KubeObject {
  const items = printed.flatMap(({ node, text }) => {
    if (text.trim() === '') return [];
    const object = JSON.parse(text) as KubeObject & { readonly items?: readonly KubeObject[] };
    return (object.items ?? [object]).map((item) => ({
      ...item,
      metadata: { ...item.metadata, annotations: { ...item.metadata.annotations, [nodeAnnotation]: node } },
    }));
  });
  return { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items } as KubeObject;
}
