/**
 * Exec and attach as the client sees them: one WebSocket with sub-protocol `v5.channel.k8s.io`.
 *
 * Binary messages, whose first byte is the channel: 0 stdin, 1 stdout, 2 stderr, 3 the Status that ends
 * it, 4 terminal size, 255 "channel N is closed" (how the end of stdin travels). Source: Kubernetes'
 * remotecommand websocket protocol; `kube-api` measurements of kubectl 1.35.
 */
import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { WebSocket } from 'ws';
import type { Clock } from '../lib/clock.ts';
import { StatusError } from '../lib/status-error.ts';
import { exitCodeOf } from './exit-code.ts';
import { ReaderGone } from './reader-gone.ts';
import { resourcePath, withQuery } from './resource-path.ts';
import type { WireStatus } from './response-status.ts';
import type { Transport } from './transport.ts';
import { closeWebSocket, keepAlive, onFailure, openWebSocket, sendToChannel } from './web-socket.ts';

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

export interface RemoteCommand {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string | undefined;
  readonly tty: boolean;
  /** With it this is `exec`, else `attach`. Each argument arrives as it is. */
  readonly command?: readonly string[];
}

/** The caller's ends. Without `stdin` the process reads EOF; with `tty` everything comes on stdout. */
export interface RemoteEnds {
  readonly stdin?: Readable | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Sizes of the terminal as they change, the present one first; only with `tty`. */
  readonly resize?: AsyncIterable<TerminalSize> | undefined;
  /** Told how many bytes of output were handed over. */
  readonly onOutput?: ((bytes: number) => void) | undefined;
}

const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

/**
 * Runs until the command ends and all its output was written; resolves with its exit code.
 *
 * @throws StatusError when the server refuses or the connection is lost; `signal.reason` when aborted
 */
export async function runRemoteCommand(
  deps: { readonly transport: Transport; readonly clock: Clock },
  remote: RemoteCommand,
  ends: RemoteEnds,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  const { transport } = deps;
  const socket = openSocket(transport, remote, ends);
  const over = new AbortController();
  const outcome = Promise.withResolvers<WireStatus>();
  // Whoever settles it first decides; nobody may be waiting yet.
  outcome.promise.catch(() => {});
  const fail = (error: unknown): void => outcome.reject(error);
  const onAbort = (): void => fail(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });

  onFailure(socket, transport, signal, fail);
  socket.on('message', (data: Buffer) => {
    const payload = data.subarray(1);
    if (data[0] === channel.stdout || data[0] === channel.stderr) {
      pass(payload, data[0] === channel.stdout ? ends.stdout : ends.stderr, socket, fail);
      ends.onOutput?.(payload.length);
    } else if (data[0] === channel.status) outcome.resolve(parseStatus(payload));
  });
  socket.on('close', (code) =>
    fail(new StatusError('ServiceUnavailable', `the connection was closed before the command ended (code ${code})`)),
  );
  socket.on('open', () => {
    keepAlive(socket, deps.clock, over.signal).catch(fail);
    if (ends.stdin !== undefined) sendStdin(socket, ends.stdin, over.signal).catch(fail);
    if (ends.resize !== undefined) sendSizes(socket, ends.resize, over.signal).catch(fail);
  });

  try {
    const status = await outcome.promise;
    await Promise.all([flushed(ends.stdout), flushed(ends.stderr)]);
    return exitCodeOf(status);
  } finally {
    over.abort();
    signal.removeEventListener('abort', onAbort);
    closeWebSocket(socket);
  }
}

function openSocket(transport: Transport, remote: RemoteCommand, ends: RemoteEnds): WebSocket {
  const path = resourcePath(
    { group: '', version: 'v1', resource: 'pods' },
    {
      namespace: remote.namespace,
      name: remote.pod,
      subresource: remote.command === undefined ? 'attach' : 'exec',
    },
  );
  const query = {
    command: remote.command,
    container: remote.container,
    stdin: ends.stdin !== undefined,
    stdout: true,
    stderr: !remote.tty,
    tty: remote.tty,
  };
  return openWebSocket(transport, withQuery(path, query), ['v5.channel.k8s.io']);
}

/** Writes output and stops reading from the server while the reader is behind. */
function pass(bytes: Buffer, to: Writable, socket: WebSocket, fail: (error: unknown) => void): void {
  if (to.destroyed) {
    fail(new ReaderGone());
    return;
  }
  if (to.write(bytes)) return;
  socket.pause();
  // Messages that had been received already still come while paused; one waiter is enough.
  if (to.listenerCount('drain') === 0) to.once('drain', () => socket.resume());
}

async function sendStdin(socket: WebSocket, stdin: Readable, signal: AbortSignal): Promise<void> {
  const stop = (): void => {
    stdin.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stdin) await sendToChannel(socket, channel.stdin, chunk as Buffer);
    await sendToChannel(socket, channel.close, Buffer.from([channel.stdin]));
  } catch (error) {
    // The command ended first: what it did not read is dropped.
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function sendSizes(socket: WebSocket, sizes: AsyncIterable<TerminalSize>, signal: AbortSignal): Promise<void> {
  for await (const { width, height } of sizes) {
    if (signal.aborted) return;
    await sendToChannel(socket, channel.resize, Buffer.from(JSON.stringify({ Width: width, Height: height })));
  }
}

/** Resolves when everything written so far has left, or the stream is gone. */
async function flushed(stream: Writable): Promise<void> {
  if (stream.destroyed || stream.writableEnded) return;
  const written = Promise.withResolvers<void>();
  stream.write('', () => written.resolve());
  await Promise.race([written.promise, finished(stream).catch(() => {})]);
}

function parseStatus(payload: Buffer): WireStatus {
  try {
    return JSON.parse(payload.toString('utf8')) as WireStatus;
  } catch {
    return { status: 'Failure', message: payload.toString('utf8') };
  }
}
