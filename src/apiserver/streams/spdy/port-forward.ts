import type { Clock } from '../../../lib/clock.ts';
import type { PortForwardHandler } from '../forward-connection.ts';
import { forwardConnection } from '../forward-connection.ts';
import { parsePort } from '../stream-query.ts';
import type { SpdyStream } from './stream.ts';

/** Version of port-forward over SPDY. */
export const spdyPortForwardProtocol = 'portforward.k8s.io';

/** Milliseconds within which the second stream of a pair must come (Kubernetes' `StreamCreationTimeout`). */
const pairWithinMs = 30_000;

interface Pair {
  data?: SpdyStream;
  error?: SpdyStream;
  readonly complete: AbortController;
}

/** Pairs the data and error streams of each TCP connection by their `requestid` and forwards it. */
export class SpdyPortForward {
  readonly #connect: PortForwardHandler;
  readonly #clock: Clock;
  readonly #gone: AbortSignal;
  readonly #pairs = new Map<string, Pair>();

  /** @param gone aborts when the connection is closed */
  constructor(connect: PortForwardHandler, clock: Clock, gone: AbortSignal) {
    this.#connect = connect;
    this.#clock = clock;
    this.#gone = gone;
  }

  add(stream: SpdyStream): void {
    const type = stream.headers.get('streamtype');
    const requestId = this.#requestId(stream, type);
    const pair = this.#pairs.get(requestId) ?? { complete: new AbortController() };
    if ((type !== 'data' && type !== 'error') || pair[type]) {
      stream.destroy();
      return;
    }
    pair[type] = stream;
    if (pair.data && pair.error) {
      this.#pairs.delete(requestId);
      pair.complete.abort();
      this.#forward(pair.data, pair.error).catch(() => {});
    } else {
      this.#pairs.set(requestId, pair);
      this.#expire(requestId, pair).catch(() => {});
    }
  }

  /** Clients before Kubernetes 1.2 send no id: there the error stream comes first and its data stream follows it. */
  #requestId(stream: SpdyStream, type: string | undefined): string {
    const requestId = stream.headers.get('requestid');
    if (requestId !== undefined) return requestId;
    return String(type === 'data' ? stream.id - 2 : stream.id);
  }

  async #expire(requestId: string, pair: Pair): Promise<void> {
    await this.#clock.sleep(pairWithinMs, AbortSignal.any([this.#gone, pair.complete.signal]));
    if (this.#pairs.get(requestId) === pair) this.#pairs.delete(requestId);
    pair.data?.destroy();
    pair.error?.destroy();
  }

  async #forward(data: SpdyStream, error: SpdyStream): Promise<void> {
    error.resume();
    const failure = await this.#tryForward(data);
    error.end(failure);
    // After a failure the client learns from the error stream; its data stream just ends.
    if (failure !== undefined && !data.destroyed) data.resume().end();
  }

  async #tryForward(data: SpdyStream): Promise<string | undefined> {
    let port: number;
    try {
      port = parsePort(data.headers.get('port') ?? '');
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return forwardConnection(data, port, this.#connect, this.#gone);
  }
}
