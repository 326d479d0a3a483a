import { Writable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { ChannelProtocol } from './sub-protocols.ts';

/** One message of a client: bytes for a channel. */
export interface ChannelMessage {
  readonly channel: number;
  readonly bytes: Buffer;
}

/** Reads a message; undefined when it is empty or its channel is none. */
export function decodeMessage(data: RawData, protocol: ChannelProtocol): ChannelMessage | undefined {
  const message = toBuffer(data);
  const first = message[0];
  if (first === undefined) return undefined;
  if (!protocol.isBase64) return { channel: first, bytes: message.subarray(1) };
  const channel = first - 0x30;
  if (channel < 0 || channel > 9) return undefined;
  return { channel, bytes: Buffer.from(message.toString('latin1', 1), 'base64') };
}

/** Writes a message for a channel. */
function encodeMessage({ channel, bytes }: ChannelMessage, protocol: ChannelProtocol): Buffer | string {
  if (protocol.isBase64) return `${channel}${bytes.toString('base64')}`;
  return Buffer.concat([Buffer.from([channel]), bytes]);
}

/** Resolves when the socket took the message; rejects when the connection is closed. */
export function sendMessage(webSocket: WebSocket, message: ChannelMessage, protocol: ChannelProtocol): Promise<void> {
  return new Promise((resolve, reject) => {
    webSocket.send(encodeMessage(message, protocol), (error) => (error ? reject(error) : resolve()));
  });
}

/**
 * A stream whose chunks go out as messages of one channel, each when the socket took the one before: a slow
 * client slows the writer down, and at most one small buffer is held.
 */
export function channelOutput(webSocket: WebSocket, channel: number, protocol: ChannelProtocol): Writable {
  const output = new Writable({
    write: (bytes: Buffer, _encoding, callback) => {
      sendMessage(webSocket, { channel, bytes }, protocol).then(() => callback(), callback);
    },
  });
  output.on('error', () => {});
  webSocket.once('close', () => output.destroy());
  return output;
}

/**
 * Hands a client's bytes to `input` and stops reading from the client while `input` is full. Bytes for an input
 * that nobody reads any more are dropped.
 */
export function deliver(webSocket: WebSocket, input: Writable, bytes: Buffer): void {
  if (input.destroyed || input.writableEnded || bytes.length === 0) return;
  if (input.write(bytes)) return;
  webSocket.pause();
  // Messages that were already received still come while paused; one waiter is enough.
  if (input.listenerCount('drain') > 0) return;
  const resume = (): void => {
    input.off('drain', resume);
    input.off('close', resume);
    webSocket.resume();
  };
  input.on('drain', resume);
  input.on('close', resume);
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
