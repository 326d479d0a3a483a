/**
 * Joining a container's own streams, by containerd's CRI streaming server (several clients at once, terminal sizes).
 *
 * Input goes over a connection of its own: CRI's WebSocket cannot end one channel, but closing the connection that
 * carries stdin ends the input of a container with `stdinOnce`, and the output goes on over the other one. The other one
 * asks for stdin too, and never uses it: when the container has stdin, containerd 1.6 takes an attach without stdin for
 * a client that has left (it ends a `stdinOnce` input, or stops the output; both measured).
 */

import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { WebSocket } from 'ws';
import { StatusError } from '../../../lib/status-error.ts';
import type { ContainerId, ExecRequest } from '../../runtime.ts';
import { criRuntime } from '../methods.ts';
import type { StreamDeps } from '../stream-deps.ts';
import { openCriSocket, sendChannel, splitChannel } from './cri-socket.ts';

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

const callTimeoutMs = 20_000;

type AttachRequest = Omit<ExecRequest, 'command'>;

/**
 * Resolves when the container has ended and all its output was handed over; the request's streams stay open.
 *
 * @throws StatusError NotFound when there is no such container, Invalid when stdin is asked of a container without
 *   one (containerd would drop it without a word); the signal's reason when aborted
 */
export async function attachToContainer(
  deps: StreamDeps,
  container: ContainerId,
  request: AttachRequest,
  signal: AbortSignal,
): Promise<void> {
  const config = await readStdinConfig(deps, container, signal);
  if (request.stdin && !config.stdin) {
    throw new StatusError('Invalid', `container ${container} has no stdin to attach to`);
  }
  const done = new AbortController();
  const gone = AbortSignal.any([signal, done.signal]);
  try {
    const outputs = { stdin: config.stdin, stdout: true, stderr: !request.tty, tty: request.tty };
    const outputSocket = await openAttach(deps, container, outputs, gone);
    const ended = readOutput(outputSocket, request);
    followSizes(request.resize, outputSocket).catch(() => {});
    if (request.stdin) {
      const inputSocket = await openAttach(deps, container, { stdin: true, tty: request.tty }, gone);
      sendInput(request.stdin, inputSocket, config.stdinOnce).catch(() => {});
    }
    await Promise.race([ended, rejectOnAbort(gone)]);
  } finally {
    done.abort(new Error('the attach has ended'));
  }
}

/** One connection for some of the streams, closed when `gone` aborts. */
async function openAttach(
  deps: StreamDeps,
  container: ContainerId,
  streams: { readonly stdin?: boolean; readonly stdout?: boolean; readonly stderr?: boolean; readonly tty: boolean },
  gone: AbortSignal,
): Promise<WebSocket> {
  const options = { signal: gone, timeoutMs: callTimeoutMs };
  const { url } = await deps.grpc.unary(criRuntime.attach, { containerId: container, ...streams }, options);
  const webSocket = await openCriSocket(url, gone);
  gone.addEventListener('abort', () => webSocket.terminate(), { once: true });
  return webSocket;
}

/** Resolves when the container has ended. */
function readOutput(webSocket: WebSocket, request: AttachRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: string | undefined;
    webSocket.on('message', (data) => {
      const message = splitChannel(data);
      if (!message || message.bytes.length === 0) return;
      if (message.channel === channels.error) failure = failureIn(message.bytes);
      if (message.channel === channels.stdout) write(webSocket, request.stdout, message.bytes);
      if (message.channel === channels.stderr) write(webSocket, request.stderr, message.bytes);
    });
    webSocket.once('close', (code) => {
      if (failure !== undefined) reject(new StatusError('InternalError', failure));
      else if (code === 1000) resolve();
      else reject(new StatusError('ServiceUnavailable', 'the container runtime has closed the stream'));
    });
    webSocket.resume();
  });
}

/** Hands bytes over and stops reading while the reader is slow. */
function write(webSocket: WebSocket, to: Writable | undefined, bytes: Buffer): void {
  if (!to?.writable || to.write(bytes)) return;
  webSocket.pause();
  const resume = (): void => {
    to.off('drain', resume);
    to.off('close', resume);
    webSocket.resume();
  };
  to.on('drain', resume);
  to.on('close', resume);
}

/** With `stdinOnce` the end of the input is the end of the container's; otherwise the container goes on waiting. */
async function sendInput(stdin: Readable, webSocket: WebSocket, stdinOnce: boolean): Promise<void> {
  webSocket.on('message', () => {});
  webSocket.resume();
  const onData = (chunk: Buffer): void => {
    stdin.pause();
    sendChannel(webSocket, channels.stdin, chunk).then(() => stdin.resume());
  };
  const closed = new Promise<void>((resolve) => webSocket.once('close', () => resolve()));
  stdin.on('data', onData);
  const ended = finished(stdin, { writable: false }).catch(() => {});
  await Promise.race([closed, ended]);
  stdin.off('data', onData);
  if (stdinOnce) webSocket.close(1000);
}

async function followSizes(sizes: AttachRequest['resize'], webSocket: WebSocket): Promise<void> {
  for await (const { width, height } of sizes) {
    if (webSocket.readyState !== webSocket.OPEN) return;
    await sendChannel(webSocket, channels.resize, Buffer.from(JSON.stringify({ Width: width, Height: height })));
  }
}

/** The message of a Status that is a Failure. */
function failureIn(bytes: Buffer): string | undefined {
  try {
    const status: { readonly status?: string; readonly message?: string } = JSON.parse(bytes.toString());
    return status.status === 'Failure' ? (status.message ?? 'attach failed') : undefined;
  } catch {
    return bytes.toString();
  }
}

async function readStdinConfig(
  deps: StreamDeps,
  container: ContainerId,
  signal: AbortSignal,
): Promise<{ readonly stdin: boolean; readonly stdinOnce: boolean }> {
  const request = { containerId: container, verbose: true };
  const { info } = await deps.grpc.unary(criRuntime.containerStatus, request, { signal, timeoutMs: callTimeoutMs });
  const { config }: { readonly config?: { readonly stdin?: boolean; readonly stdin_once?: boolean } } = JSON.parse(
    info['info'] ?? '{}',
  );
  return { stdin: config?.stdin === true, stdinOnce: config?.stdin_once === true };
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
