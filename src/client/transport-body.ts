/** Reads the whole of an answer, with a bound on its size and on every silence inside it. */
import type { IncomingMessage } from 'node:http';
import { StatusError } from '../lib/status-error.ts';
import { connectionError } from './connection-error.ts';
import type { Transport } from './transport.ts';

/**
 * The body of `response`, which came through `transport`.
 *
 * @throws StatusError Timeout after `transport.idleTimeoutMs` without a byte, InternalError when larger than
 *   `maxBytes`, ServiceUnavailable when the connection was lost; `signal.reason` when aborted
 */
export async function readBody(
  transport: Transport,
  response: IncomingMessage,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const { address, idleTimeoutMs } = transport;
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(
    () => response.destroy(new StatusError('Timeout', `${address} stopped in the middle of its answer`)),
    idleTimeoutMs,
  );
  // Not `for await`: its machinery costs a short command a millisecond.
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  response.on('data', (chunk: Buffer) => {
    timer.refresh();
    size += chunk.length;
    if (size > maxBytes) {
      response.destroy(new StatusError('InternalError', `${address} sent an answer larger than ${maxBytes} bytes`));
    } else {
      chunks.push(chunk);
    }
  });
  response.on('end', resolve);
  response.on('error', reject);
  // Closed before its end without an error of its own.
  response.on('close', () => reject(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })));
  try {
    await promise;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw connectionError(error, address);
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks);
}
