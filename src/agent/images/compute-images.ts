/** What the Image objects say, from what the runtime has, what is being pulled and what is wanted. Pure. */
import type { ImageStatus } from '../../api/kinds/image.ts';
import { formatTime } from '../../lib/clock.ts';
import type { PullProgress, StoredImage } from '../../runtime/runtime.ts';

/** A pull that is under way, or whose last try failed. */
export type Pull =
  | { readonly kind: 'Running'; readonly progress: PullProgress }
  | { readonly kind: 'Failed'; readonly message: string; readonly progress: PullProgress };

/** By an image's full name or id, what wants it. */
export type ImageUsers = ReadonlyMap<string, readonly string[]>;

/** By full name, the status of each image that is on the device, on its way, or failed while something wants it. */
export function computeImages(
  images: readonly StoredImage[],
  pulls: ReadonlyMap<string, Pull>,
  users: ImageUsers,
): ReadonlyMap<string, ImageStatus> {
  const statuses = new Map<string, ImageStatus>();
  for (const image of images) {
    const { tags, digests, id } = image;
    const usedBy = [...new Set([...tags, ...digests, id].flatMap((name) => users.get(name) ?? []))].sort();
    // One object a tag; an image without any is known by its digest.
    for (const name of tags.length > 0 ? tags : digests) {
      const loadedAtMs = image.loadedAtMs.get(name);
      statuses.set(name, {
        state: 'Present',
        id,
        tags,
        digests,
        sizeBytes: image.sizeBytes,
        synced: image.synced,
        sideLoaded: image.sideLoaded,
        ...(image.pinned ? { pinned: true } : {}),
        ...(loadedAtMs === undefined ? {} : { loadedAt: formatTime(loadedAtMs) }),
        ...(usedBy.length > 0 ? { usedBy } : {}),
      });
    }
  }
  for (const [name, pull] of pulls) {
    const usedBy = [...(users.get(name) ?? [])].sort();
    const before = statuses.get(name) ?? (usedBy.length > 0 ? { usedBy } : {});
    const { layers, phase } = pull.progress;
    if (pull.kind === 'Running') {
      const state = phase === 'Unpacking' ? 'Unpacking' : 'Pulling';
      statuses.set(name, { ...before, state, ...(layers.length > 0 ? { layers } : {}) });
    } else if (before.state === undefined) {
      statuses.set(name, {
        ...before,
        state: 'Failed',
        message: pull.message,
        ...(layers.length > 0 ? { layers } : {}),
      });
    }
  }
  return statuses;
}
