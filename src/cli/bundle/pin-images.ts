/** Which images the objects of a bundle want, and the same objects wanting just these. Pure. */

import { normalizeImageReference } from '../../api/image-reference.ts';
import { imagesOf } from '../../api/image-use.ts';
import { isObject } from '../../api/json-value.ts';
import type { KubeObject } from '../../api/meta.ts';
import { podSpecsOf } from '../../api/pod-specs.ts';

const containerLists = ['initContainers', 'containers'] as const;

/** Full names, each once, in order. */
export function imagesWanted(objects: readonly KubeObject[]): readonly string[] {
  return [...new Set(objects.flatMap(imagesOf))].sort();
}

/**
 * The object with each image named by its digest as well, `web:1@sha256:…`: a tag that is loaded or pulled anew on the device
 * changes nothing for it, and an older version of the bundle finds its own image again. What would ask a registry
 * for it does so only when it is not on the device.
 *
 * @param digests of the images' indexes, by full name
 */
export function pinImages(object: KubeObject, digests: ReadonlyMap<string, string>): KubeObject {
  const pinned = structuredClone(object);
  for (const spec of podSpecsOf(pinned)) {
    for (const list of containerLists) {
      const containers = spec[list];
      if (!Array.isArray(containers)) continue;
      for (const container of containers.filter(isObject)) pinContainer(container as Record<string, unknown>, digests);
    }
  }
  return pinned;
}

function pinContainer(container: Record<string, unknown>, digests: ReadonlyMap<string, string>): void {
  const image = container['image'];
  if (typeof image !== 'string') return;
  const digest = digests.get(normalizeImageReference(image));
  if (digest === undefined) return;
  container['image'] = `${image.replace(/@.*$/, '')}@${digest}`;
  if (container['imagePullPolicy'] === 'Always') container['imagePullPolicy'] = 'IfNotPresent';
}
