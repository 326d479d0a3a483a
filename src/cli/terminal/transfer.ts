/** A stream whose bytes are counted as they pass, for the bar of an activity. */
import { Readable } from 'node:stream';

/**
 * The same bytes; fails as the source does.
 *
 * @param onBytes told how many have passed in all, after each piece
 */
export function countBytes(source: Readable, onBytes: (doneBytes: number) => void): Readable {
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    let doneBytes = 0;
    for await (const chunk of source as AsyncIterable<Uint8Array>) {
      doneBytes += chunk.length;
      onBytes(doneBytes);
      yield chunk;
    }
  };
  return Readable.from(counted(), { objectMode: false });
}
