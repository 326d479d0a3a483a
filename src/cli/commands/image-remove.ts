/** `eli image remove`: takes images off the device, unless something wants them. */
import type { Image } from '../../api/kinds/image.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { findImages, imageResource, listImages } from '../images/image-objects.ts';
import { waitUntilGone } from './wait-until-gone.ts';
import { forEach } from './write-result.ts';

/** Longest wait for the end of one: a slow card takes its time to delete what was unpacked. Milliseconds. */
const removalTimeoutMs = 5 * 60_000;

/** Removes what is named, going on after a failure; resolves with the exit code. */
export async function runImageRemove(names: readonly string[], context: CommandContext): Promise<number> {
  const all = await listImages(context);
  return await forEach(
    names,
    context,
    async (name) => {
      for (const image of findImages(name, all)) await removeImage(image, context);
    },
    'removing',
  );
}

/**
 * Removes one name of an image, with the image when it is the last, and says so when it is gone.
 *
 * @throws StatusError Conflict naming what wants it
 */
export async function removeImage(image: Image, context: CommandContext): Promise<void> {
  const { client } = await context.session();
  const kind = await imageResource(context);
  const { name = '', uid = '' } = image.metadata;
  try {
    await client.delete(kind, { name });
  } catch (error) {
    // Somebody else was faster.
    if (!isStatusError(error, 'NotFound')) throw error;
  }
  await waitUntilGone({ kind, namespace: undefined, name, uid, timeoutMs: removalTimeoutMs }, context);
  await context.print(`image/${image.spec.image} removed\n`);
}
