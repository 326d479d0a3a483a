/**
 * One connection to a port of a pod, over a WebSocket of its own.
 *
 * Kubernetes' channel protocol: channel 0 carries data and 1 the text of an error, each after two bytes with the port
 * as the server repeats it. In `v4.channel.k8s.io` neither side can end its direction alone; `v5`, which Eliot serves
 * here too, adds what exec has there: 255 and a channel close that channel.
 */
import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../lib/clock.ts';
import { StatusError } from '../lib/status-error.ts';
import { resourcePath, withQuery } from './resource-path.ts';
import type { Transport } from './transport.ts';
import { closeWebSocket, keepAlive, onFailure, openWebSocket, sendToChannel } from './web-socket.ts';

export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

const channels = { data: 0, error: 1, close: 255 } as const;
const protocolWithClose = 'v5.channel.k8s.io';
const protocols = [protocolWithClose, 'v4.channel.k8s.io'];
/** The port, which begins both channels. */
const headBytes = 2;

/**
 * Starts to connect; `ready` is emitted when the device has been reached, before it has reached the pod. What is written meanwhile waits; the stream fails with a StatusError when the server refuses, the
 * pod has nobody who listens, or the connection is lost, and with the reason of `signal` when it aborts.
 */
export function connectToPodPort(
  deps: { readonly transport: Transport; readonly clock: Clock },
  { namespace, pod, port }: PodPort,
  signal: AbortSignal,
): Duplex {
  const path = resourcePath(
    { group: '', version: 'v1', resource: 'pods' },
    { namespace, name: pod, subresource: 'portforward' },
  );
  const socket = openWebSocket(deps.transport, withQuery(path, { ports: port }), protocols);
  return new PodPortStream(socket, deps, signal);
}

class PodPortStream extends Duplex {
  readonly #socket: WebSocket;
  readonly #opened = Promise.withResolvers<void>();
  readonly #over = new AbortController();
  readonly #heads = new Map<number, number>([
    [channels.data, headBytes],
    [channels.error, headBytes],
  ]);

  constructor(
    socket: WebSocket,
    { transport, clock }: { readonly transport: Transport; readonly clock: Clock },
    signal: AbortSignal,
  ) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    // It is of interest to a writer only, and there may be none.
    this.#opened.promise.catch(() => {});
    const fail = (error: unknown): void => {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    };
    onFailure(socket, transport, signal, fail);
    const onAbort = (): void => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.once('close', () => signal.removeEventListener('abort', onAbort));
    socket.on('open', () => {
      this.#opened.resolve();
      this.emit('ready');
      keepAlive(socket, clock, this.#over.signal).catch(fail);
    });
    socket.on('message', (message: Buffer) => this.#receive(message));
    // All messages have come before: without an error it went well.
    socket.on('close', () => this.#endReading());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#opened.promise.then(() => sendToChannel(this.#socket, channels.data, chunk)).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    const sayEnd = async (): Promise<void> => {
      await this.#opened.promise;
      if (this.#socket.protocol !== protocolWithClose) return;
      await sendToChannel(this.#socket, channels.close, Buffer.from([channels.data]));
    };
    sayEnd().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#over.abort();
    this.#opened.reject(error ?? new StatusError('ServiceUnavailable', 'the connection was closed'));
    closeWebSocket(this.#socket);
    done(error);
  }

  #receive(message: Buffer): void {
    const channel = message[0] ?? -1;
    if (channel === channels.close) {
      if (message[1] === channels.data) this.#endReading();
      return;
    }
    const head = this.#heads.get(channel) ?? 0;
    this.#heads.set(channel, Math.max(0, head - (message.length - 1)));
    const bytes = message.subarray(1 + head);
    if (bytes.length === 0) return;
    if (channel === channels.error) this.destroy(new StatusError('ServiceUnavailable', bytes.toString('utf8')));
    else if (channel === channels.data && !this.readableEnded && !this.push(bytes)) this.#socket.pause();
  }

  #endReading(): void {
    if (!this.readableEnded && !this.destroyed) this.push(null);
  }
}
