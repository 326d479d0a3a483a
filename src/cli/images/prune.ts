/** Which images may go because nothing wants them. Pure. */
import type { Image } from '../../api/kinds/image.ts';

/**
 * Images that nothing wants, with all of their names. Never the runtime's own, and one that came from an archive only
 * with `all`: no registry has it.
 */
export function computeUnused(images: readonly Image[], all: boolean): readonly Image[] {
  const present = images.filter(({ status }) => status.state === 'Present' && status.id !== undefined);
  const kept = new Set(present.filter((image) => isKept(image, all)).map(({ status }) => status.id));
  return present.filter(({ status }) => !kept.has(status.id));
}

/** Bytes of the images; one that has several names counts once. */
export function sizeOfImages(images: readonly Image[]): number {
  const sizes = new Map(images.map(({ status }) => [status.id, status.sizeBytes ?? 0]));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

function isKept({ status }: Image, all: boolean): boolean {
  const { usedBy = [], pinned = false, sideLoaded = false } = status;
  return usedBy.length > 0 || pinned || (sideLoaded && !all);
}
