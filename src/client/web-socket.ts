/** What every WebSocket to the API server needs: refusals in words, pings, and an end that cannot hang. */
import { WebSocket } from 'ws';
import type { Clock } from '../lib/clock.ts';
import { StatusError } from '../lib/status-error.ts';
import { connectionError } from './connection-error.ts';
import { statusErrorOfBody } from './response-status.ts';
import type { Transport } from './transport.ts';
import { readBody } from './transport-body.ts';

/** As kubectl: a ping every 5 s; a server silent for six of them is gone. */
const pingPeriodMs = 5_000;
const maxMissedPongs = 6;
const maxRefusalBytes = 64 * 1024;

/** Starts to connect to `path` (with its query) in one of `protocols`, the best first. */
export function openWebSocket(transport: Transport, path: string, protocols: readonly string[]): WebSocket {
  const { url, options } = transport.webSocketTarget(path);
  return new WebSocket(url, [...protocols], { ...options, perMessageDeflate: false });
}

/** Calls `fail` with a StatusError when the server refuses the connection or it breaks. */
export function onFailure(
  socket: WebSocket,
  transport: Transport,
  signal: AbortSignal,
  fail: (error: unknown) => void,
): void {
  socket.on('error', (error) => fail(connectionError(error, transport.address)));
  socket.on('unexpected-response', (_request, response) => {
    const { statusCode = 0, statusMessage = '' } = response;
    readBody(transport, response, maxRefusalBytes, signal)
      .then((body) => fail(statusErrorOfBody(statusCode, statusMessage, body.toString('utf8'), transport.address)))
      .catch(fail);
  });
}

/**
 * Pings until `signal` aborts.
 *
 * @throws StatusError Timeout when the server has been silent for half a minute
 */
export async function keepAlive(socket: WebSocket, clock: Clock, signal: AbortSignal): Promise<void> {
  let missed = 0;
  const heard = (): void => {
    missed = 0;
  };
  socket.on('pong', heard);
  socket.on('message', heard);
  while (!signal.aborted) {
    try {
      await clock.sleep(pingPeriodMs, signal);
    } catch {
      return;
    }
    // A paused socket hears no pong because nobody reads its output; that is no sign of a dead server.
    if (socket.isPaused) continue;
    if (missed >= maxMissedPongs) {
      throw new StatusError(
        'Timeout',
        `no sign of life from the server for ${(maxMissedPongs * pingPeriodMs) / 1000} s`,
      );
    }
    missed++;
    socket.ping();
  }
}

/** Resolves when the bytes for a channel were handed to the connection, so that a slow server slows the sender down. */
export function sendToChannel(socket: WebSocket, channel: number, bytes: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (socket.readyState !== WebSocket.OPEN) return Promise.resolve();
  socket.send(Buffer.concat([Buffer.from([channel]), bytes]), (error) => (error ? reject(error) : resolve()));
  return promise;
}

/** Closes the connection for good; nothing of it is heard afterwards. */
export function closeWebSocket(socket: WebSocket): void {
  socket.removeAllListeners();
  // A handshake that is cut off reports an error once more; its story is already told.
  socket.on('error', () => {});
  if (socket.readyState === WebSocket.OPEN) {
    socket.close(1000);
    // What the server still sends is dropped; unread, it would stand before its answer to the close.
    socket.resume();
  }
  // A server that does not answer the close must not hold us.
  else socket.terminate();
}
