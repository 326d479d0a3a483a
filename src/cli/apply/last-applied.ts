/** The annotation in which a client-side apply remembers what it applied; the same as kubectl's, so that both can be mixed. */
import type { KubeObject } from '../../api/meta.ts';

export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The manifest with itself in the annotation. */
export function withLastApplied(manifest: KubeObject): KubeObject {
  const { [lastAppliedAnnotation]: _old, ...annotations } = manifest.metadata.annotations ?? {};
  const plain = { ...manifest, metadata: { ...manifest.metadata, annotations } };
  // As kubectl: keys in order, and a newline at the end.
  const text = `${JSON.stringify(sorted(plain))}\n`;
  return { ...plain, metadata: { ...plain.metadata, annotations: { ...annotations, [lastAppliedAnnotation]: text } } };
}

/** What was applied last; undefined when nothing was, or the annotation is damaged. */
export function readLastApplied(current: KubeObject): unknown {
  const text = current.metadata.annotations?.[lastAppliedAnnotation];
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
