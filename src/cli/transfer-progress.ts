/** One line on a terminal that tells how much of a stream was sent; nothing where nobody looks. */
import { Readable } from 'node:stream';
import type { Clock } from '../lib/clock.ts';
import type { OutputStream } from './io.ts';

const everyMs = 200;

export interface TransferProgressDeps {
  readonly stderr: OutputStream;
  readonly clock: Clock;
}

export interface Transfer {
  /** The same bytes; fails as the source does. */
  readonly stream: Readable;
  /** Takes the line away. */
  end(): void;
}

/**
 * Tells `radio.tar  12.3 MB of 30.0 MB` while the stream is read, and afterwards what is waited for.
 *
 * @param totalBytes undefined when nobody knows
 */
export function showTransfer(
  { stderr, clock }: TransferProgressDeps,
  name: string,
  source: Readable,
  totalBytes: number | undefined,
): Transfer {
  if (!stderr.isTTY) return { stream: source, end: () => {} };
  const show = (text: string): void => void stderr.write(`\r\u001b[K${text}`);
  const total = totalBytes === undefined ? '' : ` of ${megabytes(totalBytes)}`;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    let sentBytes = 0;
    let shownAtMs = Number.NEGATIVE_INFINITY;
    for await (const chunk of source as AsyncIterable<Uint8Array>) {
      sentBytes += chunk.length;
      if (clock.monotonicMs() - shownAtMs >= everyMs) {
        shownAtMs = clock.monotonicMs();
        show(`${name}  ${megabytes(sentBytes)}${total}`);
      }
      yield chunk;
    }
    show(`${name}  ${megabytes(sentBytes)} sent, waiting for the device`);
  };
  return { stream: Readable.from(counted(), { objectMode: false }), end: () => show('') };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
