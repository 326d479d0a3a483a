/** What somebody said of a node, for another node to be said of: labels, annotations and taints that are not the system's. Pure. */
import { isObject, type JsonObject } from '../../api/json-value.ts';
import type { KubeObject } from '../../api/meta.ts';

/** `example.com/a` and `a` are people's; `kubernetes.io/a`, `node.kubernetes.io/a` and `eliot.run/node-name` are not. */
const isOfSystem = (key: string): boolean =>
  /(^|\.)(kubernetes\.io|k8s\.io)\//.test(key) || key.startsWith('eliot.run/');

/** Undefined when nobody said anything. */
export function toPortableNode(node: KubeObject): KubeObject | undefined {
  const { name = '', labels = {}, annotations = {} } = node.metadata;
  const own = (values: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(values).filter(([key]) => !isOfSystem(key)));
  const [ownLabels, ownAnnotations, taints] = [own(labels), own(annotations), ownTaints(node)];
  const has = (values: object): boolean => Object.keys(values).length > 0;
  if (!has(ownLabels) && !has(ownAnnotations) && taints.length === 0) return undefined;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      ...(has(ownLabels) ? { labels: ownLabels } : {}),
      ...(has(ownAnnotations) ? { annotations: ownAnnotations } : {}),
    },
    ...(taints.length > 0 ? { spec: { taints } } : {}),
  };
}

/**
 * The patch by which `node` gets what `portable` says; undefined when it has it. What else it says stays.
 *
 * @param portable as `toPortableNode` gave it, on this device or another
 */
export function patchForNode(node: KubeObject, portable: KubeObject): JsonObject | undefined {
  const { labels = {}, annotations = {} } = portable.metadata;
  const missing = (wanted: Readonly<Record<string, string>>, present: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(wanted).filter(([key, value]) => !isOfSystem(key) && present[key] !== value));
  const newLabels = missing(labels, node.metadata.labels);
  const newAnnotations = missing(annotations, node.metadata.annotations);
  const present = allTaints(node);
  const isSame = (one: JsonObject, other: JsonObject): boolean =>
    one['key'] === other['key'] && one['effect'] === other['effect'];
  const newTaints = ownTaints(portable).filter((taint) => !present.some((each) => isSame(each, taint)));
  if ([newLabels, newAnnotations, newTaints].every((each) => Object.keys(each).length === 0)) return undefined;
  return {
    metadata: { labels: newLabels, annotations: newAnnotations },
    ...(newTaints.length > 0 ? { spec: { taints: [...present, ...newTaints] } } : {}),
  };
}

function ownTaints(node: KubeObject): readonly JsonObject[] {
  return allTaints(node).filter(({ key }) => !isOfSystem(String(key)));
}

function allTaints(node: KubeObject): readonly JsonObject[] {
  const taints = isObject(node['spec']) ? node['spec']['taints'] : undefined;
  return Array.isArray(taints) ? taints.filter(isObject) : [];
}
