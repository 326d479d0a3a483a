import type { ImagePushes } from '../apiserver/image-pushes.ts';

/** A device that no image is pushed to; tests replace what they use. */
export const noPushes: ImagePushes = {
  push: async () => Promise.reject(new Error('no images here')),
  takeLayer: async () => Promise.reject(new Error('no layers here')),
};
