import type { ImageTransfers } from '../apiserver/image-transfers.ts';

/** A device that no image comes to or goes from; tests replace what they use. */
export const noTransfers: ImageTransfers = {
  importArchive: async () => [],
  exportArchive: async () => Promise.reject(new Error('no images here')),
  pull: async () => Promise.reject(new Error('no registry here')),
};
