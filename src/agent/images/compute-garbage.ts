/** Which images go to free space, as the kubelet's image manager decides: those unused for longest first. Pure. */

/** An image that nothing wants, that no container uses and that did not come from an archive. */
export interface UnusedImage {
  readonly id: string;
  readonly sizeBytes: number;
  /** Milliseconds of a clock that never jumps. */
  readonly firstSeenMs: number;
  readonly lastUsedMs: number;
}

export interface GarbageLimits {
  /** KubeletConfiguration's imageMinimumGCAge, in milliseconds. */
  readonly minimumAgeMs: number;
  /** KubeletConfiguration's imageMaximumGCAge, in milliseconds; 0: no limit. */
  readonly maximumAgeMs: number;
}

/** Those that were unused for too long, whatever space there is. */
export function computeExpired(images: readonly UnusedImage[], limits: GarbageLimits, nowMs: number): UnusedImage[] {
  if (limits.maximumAgeMs === 0) return [];
  return oldEnough(images, limits, nowMs).filter(({ lastUsedMs }) => nowMs - lastUsedMs > limits.maximumAgeMs);
}

/** In the order of their removal, as many as free `bytes`; all that may go when that is not enough. */
export function computeGarbage(
  images: readonly UnusedImage[],
  limits: GarbageLimits,
  bytes: number,
  nowMs: number,
): UnusedImage[] {
  const chosen: UnusedImage[] = [];
  let freed = 0;
  for (const image of oldEnough(images, limits, nowMs)) {
    if (freed >= bytes) break;
    chosen.push(image);
    freed += image.sizeBytes;
  }
  return chosen;
}

function oldEnough(images: readonly UnusedImage[], { minimumAgeMs }: GarbageLimits, nowMs: number): UnusedImage[] {
  return images
    .filter(({ firstSeenMs }) => nowMs - firstSeenMs >= minimumAgeMs)
    .sort((a, b) => a.lastUsedMs - b.lastUsedMs || a.firstSeenMs - b.firstSeenMs);
}

/** How full a file system is. */
export interface DiskSpace {
  readonly capacityBytes: number;
  readonly availableBytes: number;
}

/**
 * Bytes to free so that usage falls to `lowPercent`; 0 while it is below `highPercent`. KubeletConfiguration's
 * imageGCHighThresholdPercent and imageGCLowThresholdPercent.
 */
export function bytesToFree(space: DiskSpace, highPercent: number, lowPercent: number): number {
  const { capacityBytes, availableBytes } = space;
  const usedPercent = 100 - Math.floor((availableBytes * 100) / capacityBytes);
  if (highPercent >= 100 || usedPercent < highPercent) return 0;
  return Math.max(0, Math.floor((capacityBytes * (100 - lowPercent)) / 100) - availableBytes);
}
