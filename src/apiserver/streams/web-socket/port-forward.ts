import { Duplex, PassThrough } from 'node:stream';
import type { WebSocket } from 'ws';
import { forwardConnection, type PortForwardHandler } from '../forward-connection.ts';
import { channelOutput, decodeMessage, deliver, sendMessage } from './channels.ts';
import { type ChannelProtocol, closeChannel } from './sub-protocols.ts';

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
    if (message === undefined) return;
    const isClose = protocol.canClose && message.channel === closeChannel;
    const channel = isClose ? (message.bytes[0] ?? -1) : message.channel;
    const input = channel % 2 === 0 ? inputs[channel / 2] : undefined;
    if (isClose) input?.end();
    else if (input) deliver(webSocket, input, message.bytes);
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
        output.once('finish', () => {
          const end = { channel: closeChannel, bytes: Buffer.from([channel]) };
          if (protocol.canClose) sendMessage(webSocket, end, protocol).catch(() => {});
          // Where one direction cannot end alone, the connection is over when the pod has nothing more to say.
          else client.destroy();
        });
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
