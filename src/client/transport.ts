/**
 * One server and how to reach it: HTTPS with a client certificate or token, plain HTTP, or
 * the daemon's unix socket. Connections are kept alive; every wait has an end.
 *
 * It moves requests and answers and knows nothing of Kubernetes but the credentials.
 */
import type { Agent as HttpAgent, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { type Duplex, pipeline, type Readable } from 'node:stream';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { StatusError } from '../lib/status-error.ts';
import { AnswerTooLarge, type WholeAnswer } from './answer-reader.ts';
import { connectionError } from './connection-error.ts';
import { askPlainly, isPlain, NothingAnswered } from './transport-plain.ts';
import { connectTls, tlsOptionsOf, untilSecure } from './transport-tls.ts';

export interface TransportOptions {
  /** `https://host:6443`, `http://host:port` (each may have a path prefix), or `unix:/run/eliot/eliotd.sock`. */
  readonly server: string;
  /** PEM of the authority that signed the server's certificate; the public authorities when left out (`trustedAuthorities`). */
  readonly ca?: string | Buffer;
  /** PEM of the client's certificate and key. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly token?: string;
  /** Name to expect in the server's certificate instead of the host of `server`. */
  readonly serverName?: string;
  readonly insecureSkipTlsVerify?: boolean;
  /** Longest wait for a connection, TLS included. 5 s when left out. */
  readonly connectTimeoutMs?: number;
  /** Longest silence while the request is sent and until the answer begins. 30 s when left out. */
  readonly headerTimeoutMs?: number;
}

export interface TransportRequest {
  readonly method: string;
  /** With the query, escaped, without the server's path prefix. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  /** A stream is sent as it comes, in chunks. */
  readonly body?: string | Buffer | Readable;
  readonly signal?: AbortSignal | undefined;
  /** Longest silence until the answer begins, when the server has long work to do; else as the transport's. */
  readonly answerTimeoutMs?: number | undefined;
}

/** What the `ws` package needs to open a connection to the same server. */
export interface WebSocketTarget {
  readonly url: string;
  readonly options: Readonly<Record<string, unknown>> & { readonly headers: Readonly<Record<string, string>> };
}

const defaultConnectTimeoutMs = 5_000;
const defaultHeaderTimeoutMs = 30_000;
/** After this much silence the kernel asks whether the other side of a watch is still there. */
const tcpKeepAliveMs = 30_000;

/** What ALPN calls HTTP/1.1. */
const httpProtocol = 'http/1.1';

interface Opened {
  readonly socket: TLSSocket;
  /** Whether it chose a protocol that only servers of ours know. */
  readonly isOurs: boolean;
  /** Whether something was asked over it. */
  readonly wasUsed?: boolean;
}

/** Loaded for the first request that needs it: `tryPlainly` does without. */
const http = (): typeof import('node:http') => process.getBuiltinModule('node:http');

export class Transport {
  /** For people: the server as it was given. */
  readonly address: string;
  /** Longest silence inside an answer that is no stream; the same as until it begins. */
  readonly idleTimeoutMs: number;
  readonly #options: TransportOptions;
  readonly #socketPath: string | undefined;
  readonly #url: URL;
  /** Made for the first request. */
  #agent: HttpAgent | undefined;
  /** Undefined when the server is reached without TLS. */
  readonly #tls: ConnectionOptions | undefined;
  /** Opened by `negotiate`, for the next request. */
  #opened: Opened | undefined;

  /** @throws StatusError BadRequest when `server` is no address this transport can reach */
  constructor(options: TransportOptions) {
    this.address = options.server;
    this.#options = options;
    this.#socketPath = options.server.startsWith('unix:') ? options.server.slice('unix:'.length) : undefined;
    this.#url = parseServer(this.#socketPath === undefined ? options.server : 'http://localhost');
    this.idleTimeoutMs = options.headerTimeoutMs ?? defaultHeaderTimeoutMs;
    if (this.#url.protocol === 'https:') this.#tls = tlsOptionsOf(options, this.#hostAndPort().host);
  }

  /**
   * Connects, and says which of `protocols` the server chose in the TLS handshake (ALPN): none, when it is reached
   * without TLS or knows none of them. The next request uses the connection; HTTP/1.1 is spoken whatever the name.
   *
   * @throws StatusError ServiceUnavailable or Timeout when the server cannot be reached; `signal.reason` when aborted
   */
  async negotiate(protocols: readonly string[], signal?: AbortSignal): Promise<string | undefined> {
    if (this.#tls === undefined) return undefined;
    const timeoutMs = this.#options.connectTimeoutMs ?? defaultConnectTimeoutMs;
    try {
      signal?.throwIfAborted();
      const expired = (): StatusError => timeout(this.address, 'connect', timeoutMs);
      const socket = await untilSecure(this.#connectTls(protocols), { timeoutMs, timeout: expired, signal });
      // With a name of its own for the protocol it is a server of ours, and nothing is in between.
      this.#opened = { socket, isOurs: ![httpProtocol, false].includes(socket.alpnProtocol ?? false) };
      return socket.alpnProtocol || undefined;
    } catch (error) {
      this.#fail(error, signal);
    }
  }

  /**
   * What TLS 1.3 says of the connection that `negotiate` opened, and of no other (RFC 8446 7.5); to be asked for before the
   * next request. Undefined without such a connection: what older versions say may be true of two.
   */
  bindingOf(label: string, bytes: number): Buffer | undefined {
    const socket = this.#opened?.socket;
    return socket?.getProtocol() === 'TLSv1.3' ? socket.exportKeyingMaterial(bytes, label, Buffer.alloc(0)) : undefined;
  }

  /**
   * Sends a request; resolves when the head of the answer has arrived, whatever its status. The caller reads
   * or destroys the body. Aborting `signal` ends the request and, later, the body.
   *
   * @throws StatusError ServiceUnavailable or Timeout when the server cannot be reached; the error of a `body` that
   *   cannot be read; `signal.reason` when aborted
   */
  async request(request: TransportRequest): Promise<IncomingMessage> {
    request.signal?.throwIfAborted();
    try {
      return await this.#requestOnce(request);
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      // A kept connection may have been closed by the server just before we wrote to it.
      if (error instanceof StaleConnection && request.method === 'GET') {
        return await this.#requestOnce(request).catch((again: unknown) => this.#fail(again, request.signal));
      }
      return this.#fail(error, request.signal);
    }
  }

  /**
   * Asks for a whole answer over the connection that `negotiate` opened to a server of ours, which is quicker than
   * `request`, and keeps the connection for the next request.
   *
   * @returns undefined when nothing was asked: there is no such connection now, or the request is another than a GET
   * @throws as `request`, and StatusError InternalError when the body is larger than `maxBytes`
   */
  async tryPlainly(request: TransportRequest, maxBytes: number): Promise<WholeAnswer | undefined> {
    const opened = this.#opened;
    const { path, signal } = request;
    const headers = { host: this.#url.host, ...this.#credentials(), ...(request.headers as Record<string, string>) };
    const plain = { path: `${this.#prefix}${path}`, headers };
    if (!opened?.isOurs || opened.socket.destroyed || request.method !== 'GET' || !isPlain(plain)) return undefined;
    const silenceMs = request.answerTimeoutMs ?? this.idleTimeoutMs;
    const onSilence = (hasBegun: boolean): Error => timeout(this.address, hasBegun ? 'go on' : 'answer', silenceMs);
    try {
      signal?.throwIfAborted();
      this.#opened = undefined;
      const answer = await askPlainly(opened.socket, { ...plain, maxBytes, silenceMs, onSilence, signal });
      if (answer.isReusable && this.#opened === undefined) this.#opened = { ...opened, wasUsed: true };
      else opened.socket.destroy();
      return answer;
    } catch (error) {
      // A kept connection may have been closed by the server just before we wrote to it.
      if (error instanceof NothingAnswered && opened.wasUsed) return undefined;
      return this.#fail(error, signal);
    }
  }

  /** Forgets the connections that nobody uses now: the way may be gone on which they were made. The next request makes one. */
  closeIdle(): void {
    this.#opened?.socket.destroy();
    for (const socket of Object.values(this.#agent?.freeSockets ?? {}).flatMap((sockets) => sockets ?? []))
      socket.destroy();
  }

  /** Closes idle connections; requests under way end by their own signals. */
  close(): void {
    this.#opened?.socket.destroy();
    this.#agent?.destroy();
  }

  /** Where and how `ws` connects for `path` (with its query). */
  webSocketTarget(path: string): WebSocketTarget {
    const scheme = this.#tls === undefined ? 'ws' : 'wss';
    const socketPath = this.#socketPath;
    return {
      url: `${scheme}://${this.#url.host}${this.#prefix}${path}`,
      options: {
        headers: this.#credentials(),
        handshakeTimeout: (this.#options.connectTimeoutMs ?? defaultConnectTimeoutMs) + this.idleTimeoutMs,
        ...this.#tls,
        ...(socketPath === undefined ? {} : { createConnection: (): Duplex => connectSocket({ path: socketPath }) }),
        ...(scheme === 'ws' && socketPath === undefined ? {} : { generateMask: leaveAsItIs }),
      },
    };
  }

  get #prefix(): string {
    return this.#url.pathname.replace(/\/+$/, '');
  }

  #credentials(): Record<string, string> {
    return this.#options.token === undefined ? {} : { authorization: `Bearer ${this.#options.token}` };
  }

  #hostAndPort(): { readonly host: string; readonly port: number; readonly defaultPort: number } {
    const { hostname, port, protocol } = this.#url;
    const defaultPort = protocol === 'https:' ? 443 : 80;
    const host = hostname.replace(/^\[|\]$/g, '');
    return { host, port: port === '' ? defaultPort : Number(port), defaultPort };
  }

  #connections(): HttpAgent {
    if (this.#agent !== undefined) return this.#agent;
    this.#agent = new (http().Agent)({ keepAlive: true });
    // `node:https` would do no more than this, and takes a command two milliseconds.
    if (this.#tls !== undefined) this.#agent.createConnection = () => this.#nextTls();
    return this.#agent;
  }

  #connectTls(protocols: readonly string[]): TLSSocket {
    const { host, port } = this.#hostAndPort();
    return connectTls({ ...this.#tls, host, port, ALPNProtocols: [...protocols] });
  }

  /** The connection that is open already, else a new one. */
  #nextTls(): TLSSocket {
    const opened = this.#opened?.socket;
    this.#opened = undefined;
    return opened === undefined || opened.destroyed ? this.#connectTls([httpProtocol]) : opened;
  }

  #requestOnce(request: TransportRequest): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const outgoing = http().request({
      method: request.method,
      path: `${this.#prefix}${request.path}`,
      agent: this.#connections(),
      headers: {
        ...this.#credentials(),
        ...request.headers,
        ...contentLength(request.body),
      },
      ...(this.#socketPath === undefined ? this.#hostAndPort() : { socketPath: this.#socketPath }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });

    const connectTimeoutMs = this.#options.connectTimeoutMs ?? defaultConnectTimeoutMs;
    const connectTimer = setTimeout(
      () => outgoing.destroy(timeout(this.address, 'connect', connectTimeoutMs)),
      connectTimeoutMs,
    );
    const answerTimeoutMs = request.answerTimeoutMs ?? this.idleTimeoutMs;
    const onSilence = (): void => {
      outgoing.destroy(timeout(this.address, 'answer', answerTimeoutMs));
    };
    outgoing.on('socket', (socket) => {
      const connected = (): void => {
        clearTimeout(connectTimer);
        // Any byte sent or received starts the wait anew, so a large body on a slow link is no time-out.
        outgoing.setTimeout(answerTimeoutMs, onSilence);
      };
      if (outgoing.reusedSocket) return connected();
      socket.setKeepAlive(true, tcpKeepAliveMs);
      if ('secureConnecting' in socket && !socket.secureConnecting) return connected();
      socket.once(this.#tls === undefined ? 'connect' : 'secureConnect', connected);
    });
    outgoing.once('response', (response) => {
      // From here on silence is the reader's business: a watch may be quiet for hours.
      outgoing.off('timeout', onSilence).setTimeout(0);
      resolve(response);
    });
    outgoing.on('error', (error) => {
      clearTimeout(connectTimer);
      reject(outgoing.reusedSocket && isConnectionLost(error) ? new StaleConnection(error) : error);
    });
    if (request.body === undefined || typeof request.body === 'string' || Buffer.isBuffer(request.body)) {
      outgoing.end(request.body);
    } else {
      // At once: the source may take its time, and a server waits for the head of a request for some seconds only.
      outgoing.flushHeaders();
      // A source that fails ends the request with its error; a server that answers early is heard all the same.
      request.body.once('error', (error) => {
        if (!outgoing.destroyed) reject(new SourceFailed(error));
      });
      pipeline(request.body, outgoing, (error) => {
        if (error) reject(error);
      });
    }
    return promise;
  }

  #fail(error: unknown, signal: AbortSignal | undefined): never {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof SourceFailed) throw error.cause;
    if (error instanceof AnswerTooLarge)
      throw new StatusError('InternalError', `${this.address} sent ${error.message}`);
    throw connectionError(error instanceof StaleConnection ? error.cause : error, this.address);
  }
}

function contentLength(body: TransportRequest['body']): OutgoingHttpHeaders {
  return typeof body === 'string' || Buffer.isBuffer(body) ? { 'content-length': Buffer.byteLength(body) } : {};
}

/** A kept-alive connection turned out to be closed; the request may not have been seen. */
class StaleConnection extends Error {
  constructor(cause: unknown) {
    super('stale connection', { cause });
  }
}

/** What was to be sent could not be read; the server has nothing to do with it. */
class SourceFailed extends Error {
  constructor(cause: unknown) {
    super('source failed', { cause });
  }
}

function isConnectionLost(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function timeout(address: string, stage: 'connect' | 'answer' | 'go on', afterMs: number): StatusError {
  const seconds = afterMs / 1000;
  const messages = {
    connect: `cannot reach ${address}: no connection within ${seconds} s - is the device on, and on this network?`,
    answer: `${address} did not answer within ${seconds} s`,
    'go on': `${address} stopped in the middle of its answer`,
  };
  return new StatusError('Timeout', messages[stage]);
}

function parseServer(server: string): URL {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url === undefined || !['https:', 'http:'].includes(url.protocol)) {
    throw new StatusError('BadRequest', `"${server}" is no server address: expected https://HOST:PORT or unix:PATH`);
  }
  return url;
}

/**
 * The mask of a WebSocket is for proxies that read along and could be fooled by what is in it; where nobody can, one of zeros does
 * as well. It spares both sides a turn for each byte, which takes eliotd, whose code V8 does not compile, longer than all else.
 */
function leaveAsItIs(_zeros: Buffer): void {}
