/** A WebSocket whose messages are nothing but a stream of bytes, joined with another stream. */
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createWebSocketStream, type WebSocket } from 'ws';

/**
 * Passes bytes both ways, each side at the pace of the other, until one of them has ended or failed; then neither is left open.
 * Never rejects.
 */
export async function serveTunnel(webSocket: WebSocket, inner: Duplex): Promise<void> {
  const outer = createWebSocketStream(webSocket);
  outer.on('error', () => {});
  inner.on('error', () => {});
  const toInner = pipeline(outer, inner).catch(() => {});
  const toOuter = pipeline(inner, outer).catch(() => {});
  // What the inner side said last arrives before the close; a client that has said its last hears the answer.
  await toOuter;
  if (webSocket.readyState === webSocket.OPEN) webSocket.close(1000);
  inner.destroy();
  await toInner;
}
