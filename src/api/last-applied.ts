/** The annotation in which a client-side apply remembers what it applied. */
import type { KubeObject } from './meta.ts';

export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The manifest with itself in the annotation, as kubectl writes it: keys in order, and a newline at the end. */
export function withLastApplied(manifest: KubeObject): KubeObject {
  return withAnnotation(manifest, lastAppliedText(manifest));
}

/** What the annotation says when `manifest` was applied. */
export function lastAppliedText(manifest: KubeObject): string {
  return `${JSON.stringify(sorted(withAnnotation(manifest, undefined)))}\n`;
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

function withAnnotation(object: KubeObject, text: string | undefined): KubeObject {
  const { [lastAppliedAnnotation]: _, ...others } = object.metadata.annotations ?? {};
  const annotations = text === undefined ? others : { ...others, [lastAppliedAnnotation]: text };
  return { ...object, metadata: { ...object.metadata, annotations } };
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
