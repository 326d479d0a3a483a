/**
 * The one HTTP/2 connection of a client, made when needed and made anew when it is gone.
 *
 * A call that finds no connection waits while it is tried again, for at most `connectTimeoutMs`: a restart
 * of containerd takes 0.1 to 0.4 s. A call under way when the connection dies is never repeated.
 */
import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import type { Clock } from '../../../lib/clock.ts';
import { StatusError } from '../../../lib/status-error.ts';
import { untilAborted } from '../../../lib/until-aborted.ts';

export interface ConnectionDeps {
  /** Path of the unix socket. */
  readonly socketPath: string;
  readonly clock: Clock;
  /** Milliseconds; 0 tries once. */
  readonly connectTimeoutMs: number;
}

const firstBackoffMs = 50;
const maxBackoffMs = 200;

/** Of one stream, and of all together: an unread stream must not hold up the others. */
const streamWindowBytes = 1024 * 1024;
const connectionWindowBytes = 16 * 1024 * 1024;

export class Connection {
  readonly #deps: ConnectionDeps;
  #session: ClientHttp2Session | undefined;
  #connecting: Promise<ClientHttp2Session> | undefined;
  readonly #closing = new AbortController();

  constructor(deps: ConnectionDeps) {
    this.#deps = deps;
  }

  /**
   * The live session.
   *
   * @throws StatusError `ServiceUnavailable` when nobody answers at the socket; the signal's reason when aborted
   */
  async session(signal: AbortSignal): Promise<ClientHttp2Session> {
    signal.throwIfAborted();
    const session = this.#session;
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return untilAborted(this.#connecting, signal);
  }

  /** Resolves when the present session ends; at once when there is none. Rejects with the signal's reason. */
  async disconnected(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const session = this.#session;
    if (session === undefined || session.closed || session.destroyed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const onEnd = (): void => resolve();
    session.once('close', onEnd);
    // A server that goes away in an orderly fashion says so before it closes.
    session.once('goaway', onEnd);
    try {
      await untilAborted(promise, signal);
    } finally {
      session.off('close', onEnd);
      session.off('goaway', onEnd);
    }
  }

  /** Ends the connection and every call on it; later calls are refused. */
  close(): void {
    this.#closing.abort(new StatusError('ServiceUnavailable', 'the connection to the runtime was closed'));
    this.#session?.destroy();
    this.#session = undefined;
  }

  async #connect(): Promise<ClientHttp2Session> {
    const { clock, connectTimeoutMs } = this.#deps;
    const deadlineMs = clock.monotonicMs() + connectTimeoutMs;
    for (let backoffMs = firstBackoffMs; ; backoffMs = Math.min(backoffMs * 2, maxBackoffMs)) {
      this.#closing.signal.throwIfAborted();
      try {
        const session = await this.#connectOnce();
        this.#session = session;
        return session;
      } catch (cause) {
        if (clock.monotonicMs() + backoffMs > deadlineMs) {
          const text = cause instanceof Error ? cause.message : String(cause);
          throw new StatusError('ServiceUnavailable', `the container runtime does not answer: ${text}`, { cause });
        }
      }
      await clock.sleep(backoffMs, this.#closing.signal);
    }
  }

  #connectOnce(): Promise<ClientHttp2Session> {
    const { promise, resolve, reject } = Promise.withResolvers<ClientHttp2Session>();
    const session = connect('http://localhost', {
      createConnection: () => connectSocket(this.#deps.socketPath),
      settings: { enablePush: false, initialWindowSize: streamWindowBytes },
    });
    session.once('connect', () => {
      if (this.#closing.signal.aborted) session.destroy();
      else session.setLocalWindowSize(connectionWindowBytes);
      resolve(session);
    });
    // Streams learn of a dead session by themselves; this only keeps Node from throwing.
    session.on('error', reject);
    session.once('close', () => reject(new Error('connection closed')));
    return promise;
  }
}
