/** A byte stream to a client that only listens: logs, in messages of the server's `wsstream` reader. */
import type { Readable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { ChannelProtocol } from './sub-protocols.ts';

/** Sends everything, then closes in order; a client that goes away or a source that fails ends it. Never rejects. */
export async function serveReader(webSocket: WebSocket, protocol: ChannelProtocol, source: Readable): Promise<void> {
  // What the client says is nobody's concern.
  webSocket.resume();
  try {
    for await (const chunk of source) {
      const bytes = chunk as Buffer;
      const message = protocol.isBase64 ? bytes.toString('base64') : bytes;
      // One message at a time: a client that reads slowly slows the source down.
      await new Promise<void>((resolve, reject) =>
        webSocket.send(message, { binary: !protocol.isBase64 }, (error) => (error ? reject(error) : resolve())),
      );
    }
    webSocket.close(1000);
  } catch {
    webSocket.terminate();
  } finally {
    source.destroy();
  }
}
