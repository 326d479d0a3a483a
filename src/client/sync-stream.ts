/** The bytes of a sync session with a device: a WebSocket as a stream. */
import type { Duplex } from 'node:stream';
import { createWebSocketStream } from 'ws';
import { type SyncTarget, syncPath, syncProtocol } from '../api/sync/sync-path.ts';
import type { Clock } from '../lib/clock.ts';
import { StatusError } from '../lib/status-error.ts';
import { connectionError } from './connection-error.ts';
import type { Transport } from './transport.ts';
import { keepAlive, onFailure, openWebSocket } from './web-socket.ts';

/**
 * Connects. The stream fails with a StatusError when the connection is lost or the server falls silent, and when `signal` aborts.
 *
 * @throws StatusError when the server refuses or cannot be reached; the reason of `signal` when it aborts before
 */
export async function openSyncStream(
  { transport, clock }: { readonly transport: Transport; readonly clock: Clock },
  target: SyncTarget,
  signal: AbortSignal,
): Promise<Duplex> {
  signal.throwIfAborted();
  const socket = openWebSocket(transport, syncPath(target), [syncProtocol]);
  const { promise: opened, resolve, reject } = Promise.withResolvers<void>();
  const over = new AbortController();
  const stream = createWebSocketStream(socket);
  inOurWords(stream, (error) => (signal.aborted ? error : connectionError(error, transport.address)));
  const fail = (error: unknown): void => {
    reject(error);
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
    socket.terminate();
  };
  stream.on('error', () => {});
  onFailure(socket, transport, signal, fail);
  const onAbort = (): void => fail(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('open', () => {
    resolve();
    keepAlive(socket, clock, over.signal).catch(fail);
  });
  socket.once('close', () => {
    over.abort();
    signal.removeEventListener('abort', onAbort);
    reject(new StatusError('ServiceUnavailable', 'the connection was closed'));
  });
  await opened;
  return stream;
}

/** The library's stream fails with words of its own, as when it is written to while the other side is closing. */
function inOurWords(stream: Duplex, translate: (error: Error) => Error): void {
  const [write, destroy] = [stream._write.bind(stream), stream._destroy.bind(stream)];
  stream._write = (chunk, encoding, done) => write(chunk, encoding, (error) => done(error ? translate(error) : error));
  stream._destroy = (error, done) => destroy(error ? translate(error) : error, done);
}
