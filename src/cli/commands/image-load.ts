/** `eli image load`: sends archives to the device as they are read; nothing is kept in memory. */
import type { ImageArchive } from '../../api/kinds/image-archive.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';

/** A slow card takes minutes to unpack what has been sent, and says nothing meanwhile. */
const answerTimeoutMs = 15 * 60_000;

/** Prints `image/NAME loaded` for each image that is now on the device. */
export async function runImageLoad(archives: readonly string[], context: CommandContext): Promise<number> {
  const { rest } = await context.session();
  for (const archive of archives) {
    if (archive !== '-' && (await context.io.files.kindOf(archive)) !== 'file') {
      throw new UsageError(`${archive}: no such file`, 'make one with "docker save IMAGE > FILE"');
    }
    const stream = archive === '-' ? context.io.stdin : context.io.files.openFile(archive);
    const answer = rest.json<ImageArchive>({
      method: 'POST',
      path: '/apis/eliot.run/v1alpha1/imagearchives',
      contentType: 'application/x-tar',
      stream,
      signal: context.signal,
      answerTimeoutMs,
    });
    const loaded = await answer.catch((error: unknown) => {
      if (error !== stream.errored) throw error;
      throw new UsageError(`cannot read ${archive}: ${error instanceof Error ? error.message : String(error)}`);
    });
    for (const name of loaded.status.images ?? []) await context.print(`image/${name} loaded\n`);
  }
  return 0;
}
