import type { Readable, Writable } from 'node:stream';
import { StatusError } from '../../../lib/status-error.ts';

/**
 * Passes everything from one stream to another at the reader's pace and leaves `to` open. Without a reader the bytes
 * are dropped.
 *
 * @throws StatusError ServiceUnavailable when `to` was closed while there was something to write
 */
export async function copyOutput(from: Readable, to: Writable | undefined): Promise<void> {
  for await (const chunk of from) {
    if (!to) continue;
    if (!to.writable) throw new StatusError('ServiceUnavailable', 'the reader of the output has gone');
    if (!to.write(chunk)) await drained(to);
  }
}

/** Resolves when there is room, or when it is clear that there never will be. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      stream.off('error', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
    stream.on('error', done);
  });
}
