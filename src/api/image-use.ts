/**
 * Which images a stored object wants: those of a pod, of the pods that would be made from its template, or of the versions of a
 * Bundle that run or may come back. Pure.
 */
import { isStatusError } from '../lib/status-error.ts';
import { isImageId, normalizeImageReference } from './image-reference.ts';
import { isObject } from './json-value.ts';
import type { KubeObject } from './meta.ts';
import { hasPodSpec, podSpecsOf } from './pod-specs.ts';
import type { KindDescription } from './schema/kind.ts';

/** Its description needs what stands here. */
const bundleKindName = 'Bundle';
const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** Whether objects of the kind want images. */
export function wantsImages(kind: Pick<KindDescription, 'fields' | 'kind' | 'storage'>): boolean {
  return kind.storage !== 'none' && (hasPodSpec(kind) || kind.kind === bundleKindName);
}

/** Full names (or ids) of the images that the object wants, each once; names that are none are passed over. */
export function imagesOf(object: KubeObject): readonly string[] {
  const names = new Set<string>(bundleImages(object['spec']));
  for (const spec of podSpecsOf(object)) {
    for (const list of containerLists) {
      const containers = spec[list];
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

function bundleImages(spec: unknown): readonly string[] {
  // In lists they do not say what kind they are: only a Bundle has a digest.
  if (!isObject(spec) || typeof spec['digest'] !== 'string') return [];
  const named = [spec, spec['previous']].flatMap((version) => (isObject(version) ? version['images'] : []));
  return named.filter((image) => typeof image === 'string');
}
