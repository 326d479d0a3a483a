/** `eli image load`: sends archives to the device as they are read; nothing is kept in memory. */
import type { Readable } from 'node:stream';
import type { ImageArchive } from '../../api/kinds/image-archive.ts';
import type { CommandContext } from '../context.ts';
import { countBytes } from '../terminal/transfer.ts';
import { UsageError } from '../usage-error.ts';

/** A slow card takes minutes to unpack what has been sent, and says nothing meanwhile. */
const answerTimeoutMs = 15 * 60_000;

interface Opened {
  readonly stream: Readable;
  readonly sizeBytes?: number;
}

/** Prints `image/NAME loaded` for each image that is now on the device. */
export async function runImageLoad(archives: readonly string[], context: CommandContext): Promise<number> {
  const { rest } = await context.session();
  for (const archive of archives) {
    const opened = await open(archive, context);
    const activity = context.terminal.begin(`Sending ${archive}`);
    const stream = countBytes(opened.stream, (doneBytes) => {
      activity.showBytes(`Sending ${archive}`, doneBytes, opened.sizeBytes);
    }).once('end', () => activity.show(`Sent ${archive}, the device unpacks it`));
    const answer = rest.json<ImageArchive>({
      method: 'POST',
      path: '/apis/eliot.run/v1alpha1/imagearchives',
      contentType: 'application/x-tar',
      stream,
      signal: context.signal,
      answerTimeoutMs,
    });
    const loaded = await answer
      .finally(() => activity.end())
      .catch((error: unknown) => {
        if (error !== stream.errored) throw error;
        throw new UsageError(`cannot read ${archive}: ${error instanceof Error ? error.message : String(error)}`);
      });
    for (const name of loaded.status.images ?? []) await context.print(`image/${name} loaded\n`);
  }
  return 0;
}

async function open(archive: string, { io }: CommandContext): Promise<Opened> {
  if (archive === '-') return { stream: io.stdin };
  switch (await io.files.kindOf(archive)) {
    case 'file':
      return { stream: io.files.openFile(archive), sizeBytes: await io.files.sizeOf(archive) };
    case 'directory':
      // The packer is only needed here.
      return await (await import('../image-layout.ts')).packImageLayout(io.files, archive);
    default:
      throw new UsageError(`${archive}: no such file`, 'make one with "docker save IMAGE > FILE"');
  }
}
