import { Duplex, PassThrough } from 'node:stream';
import type { WebSocket } from 'ws';
import { forwardConnection, type PortForwardHandler } from '../forward-connection.ts';
import { channelOutput, decodeMessage, deliver, sendMessage } from './channels.ts';
import type { ChannelProtocol } from './sub-protocols.ts';

/**
 * Port-forward over channels: for the i-th port channel 2i carries data and 2i + 1 an error text, and both begin with
 * the port as two bytes, little endian. One connection a port; the WebSocket closes when all of them have ended.
 *
 * @param gone aborts when the connection is closed
 */
export async function servePortChannels(
  webSocket: WebSocket,
  protocol: ChannelProtocol,
  ports: readonly number[],
  connect: PortForwardHandler,
  gone: AbortSignal,
): Promise<void> {
  const inputs = ports.map(() => new PassThrough());
  webSocket.on('message', (data) => {
    const message = decodeMessage(data, protocol);
    const input = message && message.channel % 2 === 0 ? inputs[message.channel / 2] : undefined;
    if (message && input) deliver(webSocket, input, message.bytes);
  });
  await Promise.all(
    ports.map(async (port, index) => {
      const channel = 2 * index;
      const portBytes = Buffer.alloc(2);
      portBytes.writeUInt16LE(port);
      const input = inputs[index] ?? new PassThrough();
      const output = channelOutput(webSocket, channel, protocol);
      try {
        await sendMessage(webSocket, { channel, bytes: portBytes }, protocol);
        await sendMessage(webSocket, { channel: channel + 1, bytes: portBytes }, protocol);
        const client = Duplex.from({ readable: input, writable: output });
        client.on('error', () => {});
        // This protocol cannot end one direction: when the pod has nothing more to say, the connection is over.
        output.once('finish', () => client.destroy());
        const failure = await forwardConnection(client, port, connect, gone);
        if (failure === undefined) return;
        await sendMessage(webSocket, { channel: channel + 1, bytes: Buffer.from(failure) }, protocol);
      } catch {
        // The client has gone.
      } finally {
        input.destroy();
        output.destroy();
      }
    }),
  );
  if (gone.aborted) return;
  webSocket.resume();
  webSocket.close(1000);
}
