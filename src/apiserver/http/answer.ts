/**
 * Writing JSON answers. Short ones go out whole; from 128 KiB on they are streamed, gzipped when
 * the client takes that (the threshold and level are Kubernetes'). Nobody writes faster than the client reads.
 */
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import type { StatusError } from '../../lib/status-error.ts';
import type { Exchange } from './exchange.ts';
import { failureStatus } from './status-answer.ts';
import { writeWithPressure } from './write-with-pressure.ts';

const gzipThreshold = 128 * 1024;
const gzipLevel = 1;
/** A stream is written in pieces of about this many characters. */
const pieceLength = 32 * 1024;

type Answering = Pick<Exchange, 'request' | 'response' | 'clock' | 'signal'>;

/** Sends a whole JSON value. */
export async function sendJson(exchange: Answering, code: number, value: unknown, contentType?: string): Promise<void> {
  const writer = new JsonWriter(exchange, code, contentType);
  await writer.write(JSON.stringify(value));
  await writer.end('\n');
}

/** Sends a failure; does nothing but break the connection when an answer has begun already. */
export async function sendFailure(exchange: Answering, error: StatusError): Promise<void> {
  const { response } = exchange;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { retryAfterSeconds } = error.details ?? {};
  // Never of our own accord: client libraries that see the header try again by themselves, and nobody learns why.
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
  // A short body has come with its headers, but is looked at after them: another connection would cost far more.
  if (!exchange.request.complete) await setImmediate();
  // What is left of a body that was not read must not be taken for the next request.
  if (!exchange.request.complete && !response.headersSent) response.setHeader('Connection', 'close');
  await sendJson(exchange, error.code, failureStatus(error));
}

/** Connections are counted: strangers, who get nothing but this answer, must not keep theirs. */
export function leaveNoPlace(response: ServerResponse): void {
  response.setHeader('Connection', 'close');
}

/** A JSON text, written piece by piece. */
export class JsonWriter {
  readonly #exchange: Answering;
  readonly #code: number;
  readonly #contentType: string;
  #pending: string[] = [];
  #pendingLength = 0;
  #sink: Writable | undefined;

  constructor(exchange: Answering, code: number, contentType = 'application/json') {
    this.#exchange = exchange;
    this.#code = code;
    this.#contentType = contentType;
  }

  /** Resolves when the client has room for more. Rejects when it is gone or has stopped reading. */
  async write(text: string): Promise<void> {
    this.#pending.push(text);
    this.#pendingLength += text.length;
    const limit = this.#sink ? pieceLength : gzipThreshold;
    if (this.#pendingLength < limit) return;
    this.#sink ??= this.#openStream();
    await this.#flush(this.#sink);
  }

  /** Writes the last text and finishes the answer. */
  async end(text = ''): Promise<void> {
    if (this.#sink) {
      this.#pending.push(text);
      await this.#flush(this.#sink);
      this.#sink.end();
      return;
    }
    const body = Buffer.from(this.#pending.join('') + text);
    const { response } = this.#exchange;
    this.#writeHead({ 'Content-Length': body.length });
    response.end(body);
  }

  #openStream(): Writable {
    const { request, response } = this.#exchange;
    if (!acceptsGzip(request.headers['accept-encoding'])) {
      this.#writeHead({});
      return response;
    }
    this.#writeHead({ 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' });
    const gzip = createGzip({ level: gzipLevel });
    gzip.pipe(response);
    response.once('close', () => gzip.destroy());
    return gzip;
  }

  #writeHead(headers: Readonly<Record<string, string | number>>): void {
    this.#exchange.response.writeHead(this.#code, {
      'Content-Type': this.#contentType,
      'Cache-Control': 'no-cache, private',
      ...headers,
    });
  }

  async #flush(sink: Writable): Promise<void> {
    const text = this.#pending.join('');
    this.#pending = [];
    this.#pendingLength = 0;
    if (text !== '') await writeWithPressure(sink, text, this.#exchange);
  }
}

/** Whether `Accept-Encoding` names gzip. */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  return /(^|[\s,])gzip\s*(?!;\s*q=0(\.0*)?\s*(,|$))(;|,|$)/i.test(String(header ?? ''));
}
