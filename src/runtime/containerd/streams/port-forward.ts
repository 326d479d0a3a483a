/**
 * Connections into a sandbox's network by containerd's CRI streaming server, which connects to `localhost` inside: it
 * reaches listeners on 127.0.0.1 and on 0.0.0.0, with the same source address that Kubernetes' port-forward has.
 */
import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../../../lib/clock.ts';
import { StatusError } from '../../../lib/status-error.ts';
import type { SandboxId } from '../../runtime.ts';
import { criRuntime } from '../methods.ts';
import type { StreamDeps } from '../stream-deps.ts';
import { openCriSocket, sendChannel, splitChannel } from './cri-socket.ts';

const channels = { data: 0, error: 1 } as const;

const callTimeoutMs = 20_000;

/**
 * Milliseconds of silence after which a connection whose client will send no more is closed. The protocol cannot pass
 * an end of input on, so a server that waits for one would wait for ever (containerd itself waits 1 s).
 */
const silenceAfterEndMs = 5_000;

/**
 * A connection to a port of the sandbox. It may be refused after this has resolved: then the stream fails with
 * StatusError ServiceUnavailable before any byte.
 *
 * @throws StatusError NotFound when there is no such sandbox
 */
export async function forwardPort(
  deps: StreamDeps,
  sandbox: SandboxId,
  port: number,
  signal: AbortSignal,
): Promise<Duplex> {
  const request = { podSandboxId: sandbox, port: [port] };
  const { url } = await deps.grpc.unary(criRuntime.portForward, request, { signal, timeoutMs: callTimeoutMs });
  const webSocket = await openCriSocket(`${url}?port=${port}`, signal);
  const connection = new ForwardedConnection(webSocket, deps.clock);
  const onAbort = (): void => {
    connection.destroy();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  connection.once('close', () => signal.removeEventListener('abort', onAbort));
  return connection;
}

class ForwardedConnection extends Duplex {
  readonly #webSocket: WebSocket;
  readonly #clock: Clock;
  readonly #closed = new AbortController();
  /** Each channel begins with the port in two bytes, in a message of their own. */
  readonly #begun = new Set<number>();
  #receivedChunks = 0;

  constructor(webSocket: WebSocket, clock: Clock) {
    super({ allowHalfOpen: true });
    this.#webSocket = webSocket;
    this.#clock = clock;
    webSocket.on('message', (data) => this.#receive(data));
    webSocket.once('close', () => {
      this.push(null);
      this.#closed.abort(new Error('the connection is closed'));
    });
  }

  override _read(): void {
    this.#webSocket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    // After the server's closing the bytes have no taker, as with a TCP connection that was reset.
    if (this.#closed.signal.aborted)
      callback(new StatusError('ServiceUnavailable', 'the pod has closed the connection'));
    else sendChannel(this.#webSocket, channels.data, chunk).then(() => callback());
  }

  override _final(callback: (error?: Error | null) => void): void {
    callback();
    this.#closeWhenSilent().catch(() => {});
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#closed.abort(new Error('the connection is closed'));
    this.#webSocket.terminate();
    callback(error);
  }

  #receive(data: unknown): void {
    const message = splitChannel(data);
    if (!message || message.bytes.length === 0) return;
    const { channel, bytes } = message;
    if (!this.#begun.has(channel)) {
      this.#begun.add(channel);
      return;
    }
    if (channel === channels.error) {
      this.destroy(new StatusError('ServiceUnavailable', bytes.toString()));
      return;
    }
    this.#receivedChunks += 1;
    if (channel === channels.data && !this.push(bytes)) this.#webSocket.pause();
  }

  async #closeWhenSilent(): Promise<void> {
    for (let seen = -1; seen !== this.#receivedChunks || this.#webSocket.isPaused; ) {
      seen = this.#receivedChunks;
      await this.#clock.sleep(silenceAfterEndMs, this.#closed.signal);
    }
    this.#webSocket.close(1000);
  }
}
