import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** Largest message a client may send. kubectl sends 32 KiB; other clients send what they are given in one piece. */
const maxMessageBytes = 8 * 1024 * 1024;

/**
 * Completes the WebSocket handshake with the sub-protocol chosen (none when empty).
 *
 * The header is kept from `ws` and answered here, because `SPDY/3.1+portforward.k8s.io` is no legal token
 * and `ws` would refuse it (measured: kubectl 1.31 and later send it).
 *
 * @returns undefined when the request is no valid handshake; it has been answered then
 */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string,
): Promise<WebSocket | undefined> {
  // Uncompressed: output is often incompressible, and a zlib context costs 300 KB a connection.
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: maxMessageBytes });
  if (protocol) server.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  delete request.headers['sec-websocket-protocol'];
  return new Promise((resolve) => {
    socket.once('close', () => resolve(undefined));
    server.handleUpgrade(request, socket, head, (webSocket) => {
      // A broken connection shows as 'close' too; the error itself is nobody's news.
      webSocket.on('error', () => {});
      resolve(webSocket);
    });
  });
}
