/** Writes to a stream at the reader's pace, and notices when the reader has gone. */
import type { Writable } from 'node:stream';

/** The reader of our output has gone (`eli get pods | head -1`): stop, quietly. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/**
 * Resolves when `stream` can take more.
 *
 * @throws OutputClosed when nobody reads any longer
 */
export async function write(stream: Writable, text: string | Buffer): Promise<void> {
  if (stream.destroyed) throw new OutputClosed('output closed');
  if (text.length === 0 || stream.write(text)) return;
  await new Promise<void>((resolve, reject) => {
    const onDrain = (): void => {
      stream.off('close', onClose);
      resolve();
    };
    const onClose = (): void => {
      stream.off('drain', onDrain);
      reject(new OutputClosed('output closed'));
    };
    stream.once('drain', onDrain);
    stream.once('close', onClose);
  });
}
