/**
 * Joining a container's own streams, by containerd's CRI streaming server (several clients at once, terminal sizes).
 *
 * Input goes over a connection of its own: CRI's WebSocket cannot end one channel, but closing the connection that
 * carries stdin ends the input of a container with `stdinOnce`, and the output goes on over the other one. The other one
 * asks for stdin too, and never uses it: when the container has stdin, containerd 1.6 takes an attach without stdin for
 * a client that has left (it ends a `stdinOnce` input, or stops the output; both measured).
 *
 * A container whose input stays open when its clients leave gets a connection for each output: containerd takes the end of
 * one output for the end of the whole connection and drops the other one with what it has still to say, which at the end of
 * a program is a race (1.6: `ContainerIO.Attach`; seen in one of twenty on a busy machine). A connection that says it is for
 * a terminal has no stderr and is safe; so stdout is whole, and stderr is until stdout ends.
 *
 * The input's connection is opened only when the outputs' have joined the container: containerd does that some time
 * after the handshake, and a container that answers at once and ends would have been heard by nobody.
 */

import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { WebSocket } from 'ws';
import { StatusError } from '../../../lib/status-error.ts';
import type { ContainerId, ExecRequest } from '../../runtime.ts';
import { isHeldProgram } from '../hold/held-container.ts';
import { releaseHold } from '../hold/release-hold.ts';
import { criRuntime } from '../methods.ts';
import type { StreamDeps } from '../stream-deps.ts';
import { openCriSocket, sendChannel, splitChannel } from './cri-socket.ts';

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

const callTimeoutMs = 20_000;

/** Milliseconds after which input is sent although nobody knows whether the output has joined. */
const joinTimeoutMs = 5_000;

type AttachDeps = Pick<StreamDeps, 'grpc' | 'clock' | 'log' | 'holds'>;
type AttachRequest = Omit<ExecRequest, 'command'>;

/**
 * Resolves when the container has ended and all its output was handed over; the request's streams stay open.
 *
 * @throws StatusError NotFound when there is no such container, Invalid when stdin is asked of a container without
 *   one (containerd would drop it without a word); the signal's reason when aborted
 */
export async function attachToContainer(
  deps: AttachDeps,
  container: ContainerId,
  request: AttachRequest,
  signal: AbortSignal,
): Promise<void> {
  const config = await readContainer(deps, container, signal);
  if (request.stdin && !config.stdin) {
    throw new StatusError('Invalid', `container ${container} has no stdin to attach to`);
  }
  const done = new AbortController();
  const gone = AbortSignal.any([signal, done.signal]);
  try {
    const sockets = await Promise.all(
      outputConnections(config, request).map((streams) => openAttach(deps, container, streams, gone)),
    );
    const [outputSocket] = sockets;
    if (outputSocket === undefined) throw new Error('unreachable');
    const ended = Promise.all(sockets.map((socket) => readOutput(socket, request)));
    // It may fail while the input's connection is being made; the race below tells of it.
    ended.catch(() => {});
    followSizes(request.resize, outputSocket).catch(() => {});
    if (request.stdin || config.isHeld) await Promise.all(sockets.map((socket) => untilJoined(deps, socket, gone)));
    // Before a held program begins: it may end before there is another chance.
    const inputSocket = request.stdin && (await openAttach(deps, container, { stdin: true, tty: request.tty }, gone));
    if (config.isHeld) {
      const send = (bytes: Uint8Array): Promise<void> => sendChannel(outputSocket, channels.stdin, bytes);
      await deps.holds.run(container, () => releaseHold({ pid: config.pid, send }, deps.clock, gone), gone);
    }
    if (request.stdin && inputSocket) sendInput(request.stdin, inputSocket, config.stdinOnce).catch(() => {});
    await Promise.race([ended, rejectOnAbort(gone)]);
  } finally {
    done.abort(new Error('the attach has ended'));
  }
}

interface AttachStreams {
  readonly stdin?: boolean;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  readonly tty: boolean;
}

/** Which outputs go over which connection; see above. The first one has stdout, and the sizes of a terminal. */
function outputConnections(
  { stdin, stdinOnce }: AttachedContainer,
  { tty, stderr }: AttachRequest,
): readonly AttachStreams[] {
  if (tty || !stdin || stdinOnce) return [{ stdin, stdout: true, stderr: !tty, tty }];
  const forStdout = { stdin, stdout: true, tty: true };
  return stderr ? [forStdout, { stdin, stderr: true, tty: false }] : [forStdout];
}

/** One connection for some of the streams, closed when `gone` aborts. */
async function openAttach(
  deps: AttachDeps,
  container: ContainerId,
  streams: AttachStreams,
  gone: AbortSignal,
): Promise<WebSocket> {
  const options = { signal: gone, timeoutMs: callTimeoutMs };
  const { url } = await deps.grpc.unary(criRuntime.attach, { containerId: container, ...streams }, options);
  const webSocket = await openCriSocket(url, gone);
  gone.addEventListener('abort', () => webSocket.terminate(), { once: true });
  return webSocket;
}

/**
 * Resolves when the connection has joined the container. containerd reads a connection's messages in order and hands each
 * piece of input over before it reads the next message. So a ping behind an empty piece of input is answered when
 * somebody took that piece, which is when the container's streams are joined. Output that comes shows the same.
 */
async function untilJoined({ clock, log }: AttachDeps, webSocket: WebSocket, signal: AbortSignal): Promise<void> {
  const waited = new AbortController();
  const joined = new Promise<void>((resolve) => {
    webSocket.once('pong', () => resolve());
    webSocket.once('close', () => resolve());
    webSocket.on('message', (data) => {
      if ((splitChannel(data)?.bytes.length ?? 0) > 0) resolve();
    });
  });
  await sendChannel(webSocket, channels.stdin, Buffer.alloc(0));
  webSocket.ping(() => {});
  const late = clock
    .sleep(joinTimeoutMs, AbortSignal.any([signal, waited.signal]))
    .then(() => log.warn('containerd does not say whether an attach has joined', { waitedMs: joinTimeoutMs }));
  try {
    await Promise.race([joined, late]);
  } finally {
    waited.abort();
    late.catch(() => {});
  }
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

interface AttachedContainer {
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  /** 0 when it has ended. */
  readonly pid: number;
  /** Its program began, or will begin, behind ours. */
  readonly isHeld: boolean;
}

async function readContainer(
  deps: AttachDeps,
  container: ContainerId,
  signal: AbortSignal,
): Promise<AttachedContainer> {
  const request = { containerId: container, verbose: true };
  const { info } = await deps.grpc.unary(criRuntime.containerStatus, request, { signal, timeoutMs: callTimeoutMs });
  const { config, pid, runtimeSpec }: ContainerInfo = JSON.parse(info['info'] ?? '{}');
  return {
    stdin: config?.stdin === true,
    stdinOnce: config?.stdin_once === true,
    pid: pid ?? 0,
    isHeld: isHeldProgram(runtimeSpec?.process?.args),
  };
}

/** What containerd tells of a container beyond CRI, as far as it matters here. */
interface ContainerInfo {
  readonly config?: { readonly stdin?: boolean; readonly stdin_once?: boolean };
  readonly pid?: number;
  readonly runtimeSpec?: { readonly process?: { readonly args?: readonly string[] } };
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
