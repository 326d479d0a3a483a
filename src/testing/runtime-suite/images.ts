import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SuiteContext } from '../runtime-suite.ts';

/** The images beside the runtime. What a pull does over a network is tested where a registry is. */
export function describeImages(context: SuiteContext): void {
  describe('images', () => {
    it('knows the image that is there, and lists it', async () => {
      const { images, image } = context.opened;
      const status = await images.status(image, context.signal);
      assert.match(status?.id ?? '', /^sha256:[0-9a-f]{64}$/);
      const listed = await images.list(context.signal);
      assert.ok(listed.some((other) => other.id === status?.id));
    });

    it('finds an image by its id', async () => {
      const { images, image } = context.opened;
      const status = await images.status(image, context.signal);
      assert.equal((await images.status(status?.id ?? '', context.signal))?.id, status?.id);
    });

    it('gives undefined for an image that is not there, and removes it without complaint', async () => {
      const { images } = context.opened;
      assert.equal(await images.status('nowhere.example/none:1', context.signal), undefined);
      await images.remove('nowhere.example/none:1', context.signal);
    });
  });
}
