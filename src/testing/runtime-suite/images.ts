import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { normalizeImageReference } from '../../api/image-reference.ts';
import { StatusError } from '../../lib/status-error.ts';
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

    it('gives an image as an archive, which it takes again under the same name', async () => {
      const { images, image } = context.opened;
      const archive = await images.exportArchive(image, context.signal);
      const bytes = Buffer.concat(await Array.fromAsync(archive.read()));
      assert.equal(bytes.length, archive.sizeBytes);
      assert.deepEqual(await images.importArchive(Readable.from([bytes]), context.signal), [
        normalizeImageReference(image),
      ]);
      await assert.rejects(
        images.exportArchive('nowhere.example/none:1', context.signal),
        (error) => error instanceof StatusError && error.reason === 'NotFound',
      );
    });

    it('names nothing of an archive when its names are refused', async () => {
      const { images, image } = context.opened;
      const archive = await images.exportArchive(image, context.signal);
      const bytes = Buffer.concat(await Array.fromAsync(archive.read()));
      const before = await images.status(image, context.signal);
      await images.remove(image, context.signal);
      const refused: string[] = [];
      const refuse = async (names: readonly string[]): Promise<void> => {
        refused.push(...names);
        throw new StatusError('Forbidden', 'not this one');
      };
      await assert.rejects(images.importArchive(Readable.from([bytes]), context.signal, refuse), /not this one/);
      assert.deepEqual(refused, [normalizeImageReference(image)]);
      assert.equal(await images.status(image, context.signal), undefined);
      await images.importArchive(Readable.from([bytes]), context.signal);
      assert.equal((await images.status(image, context.signal))?.id, before?.id);
    });
  });
}
