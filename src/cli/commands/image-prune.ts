/** `eli image prune`: takes off the device what nothing wants, and says how much room that made. */
import type { Image } from '../../api/kinds/image.ts';
import { humanSize } from '../../lib/human-size.ts';
import type { CommandContext } from '../context.ts';
import { listImages } from '../images/image-objects.ts';
import { computeUnused, sizeOfImages } from '../images/prune.ts';
import { removeImage } from './image-remove.ts';
import { forEach } from './write-result.ts';

export interface ImagePruneFlags {
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

/** Removes them, going on after a failure; resolves with the exit code. */
export async function runImagePrune(flags: ImagePruneFlags, context: CommandContext): Promise<number> {
  const unused = computeUnused(await listImages(context), flags.all ?? false);
  const removed: Image[] = [];
  const exitCode = await forEach(
    unused,
    context,
    async (image) => {
      if (flags.dryRun) await context.print(`image/${image.spec.image} removed (dry run)\n`);
      else await removeImage(image, context);
      removed.push(image);
    },
    'removing',
  );
  // An image goes with the last of its names.
  const left = new Set(unused.filter((image) => !removed.includes(image)).map(({ status }) => status.id));
  const gone = removed.filter(({ status }) => !left.has(status.id));
  await context.print(`Total reclaimed space: ${humanSize(sizeOfImages(gone))}${flags.dryRun ? ' (dry run)' : ''}\n`);
  return exitCode;
}
