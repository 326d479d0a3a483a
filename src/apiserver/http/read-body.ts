/** Reading a request's body, bounded in size and in patience. */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';

/** Kubernetes' limit for a request body (MaxRequestBodyBytes). */
export const maxBodyBytes = 3 * 1024 * 1024;
/** A client that sends nothing for so long, with its body half sent, is given up. */
const bodyProgressTimeoutMs = 30_000;

/** What is read of a body that is too large, so that its sender gets to hear the answer. */
const maxDiscardedBytes = 16 * 1024 * 1024;

/**
 * The whole body.
 *
 * @throws StatusError RequestEntityTooLarge over `maxBytes`, Timeout when it stops arriving, BadRequest when it is cut off
 */
export async function readBody(
  request: IncomingMessage,
  clock: Clock,
  maxBytes: number = maxBodyBytes,
): Promise<Buffer> {
  let chunks: Buffer[] = [];
  let size = 0;
  const iterator = request.iterator({ destroyOnReturn: false });
  for (;;) {
    const next = await withTimeout(iterator.next(), clock);
    if (next.done) {
      if (size > maxBytes) throw tooLarge(maxBytes);
      return Buffer.concat(chunks, size);
    }
    const chunk = next.value as Buffer;
    size += chunk.length;
    if (size > maxDiscardedBytes) throw tooLarge(maxBytes);
    if (size <= maxBytes) chunks.push(chunk);
    else chunks = [];
  }
}

async function withTimeout<T>(work: Promise<T>, clock: Clock): Promise<T> {
  const done = new AbortController();
  const late = clock.sleep(bodyProgressTimeoutMs, done.signal).then(
    () => 'late' as const,
    () => 'late' as const,
  );
  try {
    const first = await Promise.race([work.then((value) => ({ value })), late]);
    if (first !== 'late') return first.value;
  } catch (cause) {
    throw new StatusError('BadRequest', 'the request body was cut off', { cause });
  } finally {
    done.abort();
  }
  // The iterator's own rejection, when the connection is closed later, is of no interest.
  work.catch(() => undefined);
  throw new StatusError('Timeout', `the request body did not arrive: nothing for ${bodyProgressTimeoutMs / 1000}s`);
}

function tooLarge(maxBytes: number): StatusError {
  return new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${maxBytes}`);
}
