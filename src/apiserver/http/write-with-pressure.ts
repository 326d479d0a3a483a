/** Writing no faster than the other side reads, and not for ever to one that does not. */
import type { Writable } from 'node:stream';
import type { Clock } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';

/** A client that takes nothing for so long is dropped. */
const stalledClientTimeoutMs = 30_000;

/**
 * Writes and waits for room.
 *
 * @throws StatusError Timeout when there was no room for 30 s, or `signal.reason` when it aborts first
 */
export async function writeWithPressure(
  stream: Writable,
  chunk: string | Buffer,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted();
  if (stream.destroyed) throw new StatusError('Timeout', 'the client is gone');
  if (stream.write(chunk)) return;
  const settled = new AbortController();
  const { promise: hasRoom, resolve: proceed } = Promise.withResolvers<'proceed'>();
  const onRoom = (): void => proceed('proceed');
  stream.on('drain', onRoom).on('close', onRoom);
  const late = clock.sleep(stalledClientTimeoutMs, AbortSignal.any([signal, settled.signal])).then(
    () => 'late' as const,
    () => 'aborted' as const,
  );
  const first = await Promise.race([hasRoom, late]);
  stream.off('drain', onRoom).off('close', onRoom);
  settled.abort();
  signal.throwIfAborted();
  if (first === 'late') {
    throw new StatusError('Timeout', `the client read nothing for ${stalledClientTimeoutMs / 1000}s`);
  }
}
