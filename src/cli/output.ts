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

/**
 * Resolves when everything written to `stream` has left this process, or nobody reads it any longer. A pipe
 * takes what fits; Node keeps the rest, and ending the process would lose it.
 *
 * @throws the reason of `signal` when it aborts first
 */
export async function flush(stream: Writable, signal: AbortSignal): Promise<void> {
  if (stream.destroyed || stream.writableLength === 0) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  stream.on('close', resolve);
  // Writes are in order: this one ends after all others.
  stream.write('', () => resolve());
  try {
    signal.throwIfAborted();
    await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    stream.off('close', resolve);
  }
}
