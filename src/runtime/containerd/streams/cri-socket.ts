import { WebSocket } from 'ws';
import { StatusError } from '../../../lib/status-error.ts';

/** The only sub-protocol that containerd's streaming server takes (v5: 403, measured). */
const protocol = 'v4.channel.k8s.io';

/** Milliseconds for a handshake on loopback. */
const handshakeTimeoutMs = 10_000;

/**
 * Opens a stream of containerd's CRI streaming server.
 *
 * @param url what CRI's Attach or PortForward answered; good for one connection
 * @throws StatusError ServiceUnavailable when the connection cannot be made; the signal's reason when aborted
 */
export function openCriSocket(url: string, signal: AbortSignal): Promise<WebSocket> {
  signal.throwIfAborted();
  const webSocket = new WebSocket(url.replace(/^http/, 'ws'), [protocol], {
    perMessageDeflate: false,
    handshakeTimeout: handshakeTimeoutMs,
  });
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      webSocket.terminate();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    // What comes with the handshake must not be emitted before the caller listens.
    webSocket.once('open', () => {
      webSocket.pause();
      signal.removeEventListener('abort', onAbort);
      resolve(webSocket);
    });
    webSocket.on('error', (cause) => {
      signal.removeEventListener('abort', onAbort);
      reject(
        new StatusError('ServiceUnavailable', `no stream from the container runtime: ${cause.message}`, { cause }),
      );
    });
  });
}

/** A message's channel and bytes; undefined for an empty one. */
export function splitChannel(data: unknown): { readonly channel: number; readonly bytes: Buffer } | undefined {
  const message = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
  const channel = message[0];
  return channel === undefined ? undefined : { channel, bytes: message.subarray(1) };
}

/** Sends bytes over a channel; resolves when the socket took them, or never will. */
export function sendChannel(webSocket: WebSocket, channel: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    webSocket.send(Buffer.concat([Buffer.from([channel]), bytes]), () => resolve());
  });
}
