/** Which images a stored object wants: those of a pod, or of the pods that would be made from its template. Pure. */
import { isStatusError } from '../lib/status-error.ts';
import { isImageId, normalizeImageReference } from './image-reference.ts';
import type { KubeObject } from './meta.ts';
import type { MessageType } from './schema/field.ts';
import type { KindDescription } from './schema/kind.ts';

type Json = { readonly [key: string]: unknown };

const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** Where pod specs stand: in a pod, in what makes pods, and in what makes what makes pods. */
const podSpecPaths: readonly (readonly string[])[] = [
  ['spec'],
  ['spec', 'template', 'spec'],
  ['template', 'spec'],
  ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
];

/** Whether objects of the kind hold a pod spec. */
export function wantsImages(kind: Pick<KindDescription, 'fields' | 'storage'>): boolean {
  return kind.storage !== 'none' && podSpecPaths.some((path) => hasField(kind.fields, [...path, 'containers']));
}

/** Full names (or ids) of the images that the object wants, each once; names that are none are passed over. */
export function imagesOf(object: KubeObject): readonly string[] {
  const names = new Set<string>();
  for (const path of podSpecPaths) {
    const spec = at(object, path);
    for (const list of containerLists) {
      const containers = spec?.[list];
      if (!Array.isArray(containers)) continue;
      for (const { image } of containers as readonly { readonly image?: string }[]) {
        const name = image === undefined ? undefined : fullName(image);
        if (name !== undefined) names.add(name);
      }
    }
  }
  return [...names];
}

/** `default/web` of a Pod, `Deployment default/web` of anything else. */
export function userName(kind: Pick<KindDescription, 'kind'>, { metadata }: KubeObject): string {
  const name = metadata.namespace ? `${metadata.namespace}/${metadata.name}` : (metadata.name ?? '');
  return kind.kind === 'Pod' ? name : `${kind.kind} ${name}`;
}

function fullName(image: string): string | undefined {
  if (isImageId(image)) return image;
  try {
    return normalizeImageReference(image);
  } catch (error) {
    if (isStatusError(error, 'Invalid')) return undefined;
    throw error;
  }
}

function at(object: Json, path: readonly string[]): Json | undefined {
  let value: unknown = object;
  for (const name of path) value = isObject(value) ? value[name] : undefined;
  return isObject(value) ? value : undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasField(type: MessageType, [name = '', ...rest]: readonly string[]): boolean {
  const field = type.fields[name];
  if (field === undefined) return false;
  if (rest.length === 0) return true;
  return field.type.kind === 'message' && hasField(field.type, rest);
}
