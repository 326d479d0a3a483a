/**
 * An HTTP/1.1 client that sends many requests on a connection before the first is answered: the fastest way to ask
 * an API server a lot. Nothing is normalized, so that also nonsense can be sent.
 */
import { connect, type TLSSocket } from 'node:tls';

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

export interface RawAnswer {
  readonly code: number;
  /** Names in lower case; of a header that comes again the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface PipelinedClientOptions {
  readonly port: number;
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly connections: number;
  /** Requests that may be under way on one connection. */
  readonly depth: number;
  /** Longest time without any answer on a connection that owes one. */
  readonly timeoutMs: number;
}

interface Pending {
  readonly request: RawRequest;
  readonly resolve: (answer: RawAnswer) => void;
  readonly reject: (error: Error) => void;
  /** How often a connection ended when this was the next to be answered. */
  lost: number;
}

/** So often a request is sent again whose connection ended before it was answered. */
const maxLost = 2;

export class PipelinedClient {
  readonly #options: PipelinedClientOptions;
  readonly #waiting: Pending[] = [];
  readonly #connections = new Set<Connection>();
  #isClosed = false;

  constructor(options: PipelinedClientOptions) {
    this.#options = options;
  }

  /** Rejects when the server ends the connection again and again instead of answering, or keeps silent. */
  send(request: RawRequest): Promise<RawAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
    this.#waiting.push({ request, resolve, reject, lost: 0 });
    this.#fill();
    return promise;
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#connections) connection.destroy();
  }

  #fill(): void {
    if (this.#isClosed) return;
    for (const connection of this.#connections) {
      while (this.#waiting[0] !== undefined && connection.takes(this.#waiting[0])) {
        connection.write(this.#waiting.shift() as Pending);
      }
    }
    if (this.#waiting.length > 0 && this.#connections.size < this.#options.connections) this.#open();
  }

  #open(): void {
    const connection = new Connection(this.#options, {
      onAnswer: () => this.#fill(),
      onEnd: (owed, error) => {
        this.#connections.delete(connection);
        const [first] = owed;
        if (first !== undefined) first.lost += 1;
        if (first !== undefined && (first.lost > maxLost || this.#isClosed)) {
          first.reject(error ?? new Error('the server ended the connection without an answer'));
          owed.shift();
        }
        this.#waiting.unshift(...owed);
        this.#fill();
      },
    });
    this.#connections.add(connection);
    this.#fill();
  }
}

interface ConnectionEvents {
  readonly onAnswer: () => void;
  /** With what was not answered, in order. */
  readonly onEnd: (owed: Pending[], error: Error | undefined) => void;
}

class Connection {
  readonly #socket: TLSSocket;
  readonly #depth: number;
  readonly #events: ConnectionEvents;
  #owed: Pending[] = [];
  #received: Buffer = Buffer.alloc(0);
  #isEnding = false;

  constructor({ port, ca, cert, key, depth, timeoutMs }: PipelinedClientOptions, events: ConnectionEvents) {
    this.#depth = depth;
    this.#events = events;
    this.#socket = connect({ host: '127.0.0.1', port, ca, cert, key });
    let failure: Error | undefined;
    this.#socket.setTimeout(timeoutMs, () => {
      const [first] = this.#owed;
      if (first) {
        failure = new Error(`no answer within ${timeoutMs} ms to ${first.request.method} ${first.request.path}`);
        first.lost = maxLost + 1;
      }
      this.#socket.destroy();
    });
    this.#socket.on('error', (error) => {
      failure ??= error;
    });
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#socket.on('close', () => {
      this.#isEnding = true;
      const owed = this.#owed;
      this.#owed = [];
      this.#events.onEnd(owed, failure);
    });
  }

  /**
   * Whether the request may be sent here now. One that was lost goes alone: a server that answers without reading what
   * comes after resets the connection, and with it the answer.
   */
  takes({ lost }: Pending): boolean {
    if (this.#isEnding || this.#owed.some((other) => other.lost > 0)) return false;
    return lost > 0 ? this.#owed.length === 0 : this.#owed.length < this.#depth;
  }

  write(pending: Pending): void {
    const { method, path, headers, body } = pending.request;
    const lines = Object.entries({ host: 'device', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#owed.push(pending);
    const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
    // In one piece: a server that answers early then has all of it.
    this.#socket.write(body === undefined || body.length === 0 ? head : Buffer.concat([head, body]));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    for (;;) {
      const [next] = this.#owed;
      const parsed = next && parseAnswer(this.#received, next.request.method);
      if (next === undefined || parsed === undefined) return;
      this.#received = this.#received.subarray(parsed.length);
      if (parsed.answer.code < 200) continue;
      this.#owed.shift();
      if (parsed.answer.headers['connection'] === 'close') {
        this.#isEnding = true;
        this.#socket.end();
      }
      next.resolve(parsed.answer);
      this.#events.onAnswer();
    }
  }
}

/** The first answer in `bytes` and how many bytes it takes; undefined while it is not whole. */
function parseAnswer(
  bytes: Buffer,
  method: string,
): { readonly answer: RawAnswer; readonly length: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [status = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const code = Number(status.split(' ')[1]);
  const start = end + 4;
  if (method === 'HEAD' || code < 200 || code === 204 || code === 304) {
    return { answer: { code, headers, body: Buffer.alloc(0) }, length: start };
  }
  if (headers['transfer-encoding'] === 'chunked') {
    const body = parseChunks(bytes, start);
    return body && { answer: { code, headers, body: body.content }, length: body.end };
  }
  const length = start + Number(headers['content-length'] ?? 0);
  if (bytes.length < length) return undefined;
  return { answer: { code, headers, body: bytes.subarray(start, length) }, length };
}

function parseChunks(bytes: Buffer, start: number): { readonly content: Buffer; readonly end: number } | undefined {
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    const next = line + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { content: Buffer.concat(parts), end: next };
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = next;
  }
}
