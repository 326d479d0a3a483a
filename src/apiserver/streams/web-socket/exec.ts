import { PassThrough } from 'node:stream';
import type { WebSocket } from 'ws';
import type { TerminalSize } from '../../pod-streams.ts';
import type { ExecSession } from '../exec-session.ts';
import type { ExecStatus } from '../exec-status.ts';
import { LatestValue } from '../latest-value.ts';
import type { StreamQuery } from '../stream-query.ts';
import { parseTerminalSize } from '../terminal-size.ts';
import { channelOutput, decodeMessage, deliver, sendMessage } from './channels.ts';
import { type ChannelProtocol, closeChannel } from './sub-protocols.ts';

/** Channels of exec and attach (`k8s.io/apimachinery/pkg/util/remotecommand`). */
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

/**
 * The streams of one exec or attach over an open WebSocket.
 *
 * @param gone aborts when the connection is closed
 */
export function openWebSocketExec(
  webSocket: WebSocket,
  protocol: ChannelProtocol,
  query: StreamQuery,
  gone: AbortSignal,
): ExecSession {
  const stdin = query.stdin ? new PassThrough() : undefined;
  const sizes = new LatestValue<TerminalSize>();
  gone.addEventListener('abort', () => {
    sizes.end();
    stdin?.destroy();
  });

  webSocket.on('message', (data) => {
    const message = decodeMessage(data, protocol);
    if (!message) return;
    const { channel, bytes } = message;
    if (channel === channels.stdin && stdin) deliver(webSocket, stdin, bytes);
    else if (channel === channels.resize) {
      const size = parseTerminalSize(bytes.toString());
      if (size) sizes.set(size);
    } else if (channel === closeChannel && protocol.canClose && bytes[0] === channels.stdin) stdin?.end();
  });

  const stdout = query.stdout ? channelOutput(webSocket, channels.stdout, protocol) : undefined;
  const stderr = query.stderr ? channelOutput(webSocket, channels.stderr, protocol) : undefined;
  // An empty message tells the client that the connection stands (Kubernetes' `webSocketServerStreams`).
  const first = stdout ? channels.stdout : stderr ? channels.stderr : channels.error;
  sendMessage(webSocket, { channel: first, bytes: Buffer.alloc(0) }, protocol).catch(() => {});

  return {
    ends: { stdin, stdout, stderr, tty: query.tty, resize: sizes },
    gone,
    finish: async (status) => {
      // Nobody reads the rest of stdin; reading must go on, or the client's closing would not be seen.
      stdin?.destroy();
      webSocket.resume();
      const closed = new Promise<void>((resolve) => gone.addEventListener('abort', () => resolve(), { once: true }));
      const bytes = encodeStatus(status, protocol);
      if (bytes) await sendMessage(webSocket, { channel: channels.error, bytes }, protocol).catch(() => {});
      if (gone.aborted) return;
      webSocket.close(1000);
      await closed;
    },
  };
}

/** Before version 4 the error channel had plain text, and nothing on success. */
function encodeStatus(status: ExecStatus, protocol: ChannelProtocol): Buffer | undefined {
  if (protocol.hasStatus) return Buffer.from(JSON.stringify(status));
  return status.message === undefined ? undefined : Buffer.from(status.message);
}
