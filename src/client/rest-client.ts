/**
 * Requests to a Kubernetes API as values: JSON in, JSON or a stream out, every refusal a StatusError.
 * What is not an object of a resource (tables, discovery, logs, /version) goes through it directly.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { StatusError } from '../lib/status-error.ts';
import { connectionError } from './connection-error.ts';
import { readJsonLines } from './json-lines.ts';
import { type Query, withQuery } from './resource-path.ts';
import { statusErrorOf, statusErrorOfBody, type WireStatus } from './response-status.ts';
import type { Transport, TransportRequest } from './transport.ts';
import { readBody } from './transport-body.ts';

export interface RestRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  /** `application/json` when left out. */
  readonly accept?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly stream?: Readable;
  /** `application/json` when left out. */
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** See `TransportRequest`. */
  readonly answerTimeoutMs?: number;
}

export interface RestClientDeps {
  readonly transport: Transport;
  /** Called with each `Warning` header of the server (RFC 7234, code 299), unescaped. */
  readonly onWarning?: (text: string) => void;
  /** Does the waiting for the head of an answer; may tell somebody of it. */
  readonly whileWaiting?: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Largest answer that is read into memory. */
const maxAnswerBytes = 256 * 1024 * 1024;
/** Largest body of a refusal that is looked at. */
const maxRefusalBytes = 64 * 1024;

export class RestClient {
  readonly transport: Transport;
  readonly #onWarning: (text: string) => void;
  readonly #whileWaiting: <T>(work: () => Promise<T>) => Promise<T>;

  constructor(deps: RestClientDeps) {
    this.transport = deps.transport;
    this.#onWarning = deps.onWarning ?? (() => {});
    this.#whileWaiting = deps.whileWaiting ?? ((work) => work());
  }

  /**
   * The JSON answer.
   *
   * @throws StatusError what the server refused, or why it could not be reached
   */
  async json<T>(request: RestRequest): Promise<T> {
    const text = await this.text(request);
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new StatusError('InternalError', `${this.transport.address} answered ${request.path} with no JSON`, {
        cause,
      });
    }
  }

  /** The answer as text. Throws as `json` does. */
  async text(request: RestRequest): Promise<string> {
    const sent = sentOf(request);
    const whole = await this.#whileWaiting(() => this.transport.tryPlainly(sent, maxAnswerBytes));
    if (whole !== undefined) {
      const { statusCode, statusMessage, headers, body } = whole;
      this.#passWarnings(headers.get('warning'));
      if (isSuccess(statusCode)) return body.toString('utf8');
      throw statusErrorOfBody(statusCode, statusMessage, body.toString('utf8'), this.transport.address);
    }
    const response = await this.#send(sent);
    return (await readBody(this.transport, response, maxAnswerBytes, request.signal)).toString('utf8');
  }

  /** The answer's body while it arrives. Throws as `json` does, until the body begins. */
  async stream(request: RestRequest): Promise<IncomingMessage> {
    return await this.#send(sentOf(request));
  }

  async #send(sent: TransportRequest): Promise<IncomingMessage> {
    const response = await this.#whileWaiting(() => this.transport.request(sent));
    this.#passWarnings(response.headers['warning']);
    const code = response.statusCode ?? 0;
    if (isSuccess(code)) return response;
    const body = await readBody(this.transport, response, maxRefusalBytes, sent.signal);
    throw statusErrorOfBody(code, response.statusMessage ?? '', body.toString('utf8'), this.transport.address);
  }

  #passWarnings(header: string | undefined): void {
    for (const warning of warningsOf(header)) this.#onWarning(warning);
  }

  /**
   * Watch events as they arrive: `{type, object}`. Ends when `signal` aborts or the server closes the stream.
   *
   * @throws StatusError the server's ERROR event (`Expired` when history is gone), or a connection that was lost
   */
  async *watch(request: RestRequest & { readonly signal: AbortSignal }): AsyncGenerator<WireEvent> {
    if (request.signal.aborted) return;
    let response: IncomingMessage | undefined;
    try {
      response = await this.stream(request);
      for await (const line of readJsonLines(response)) {
        const event = line as WireEvent;
        if (event.type === 'ERROR') throw statusErrorOf(event.object as WireStatus, 500);
        yield event;
      }
    } catch (error) {
      if (request.signal.aborted) return;
      throw connectionError(error, this.transport.address);
    } finally {
      response?.destroy();
    }
  }
}

export interface WireEvent {
  readonly type: string;
  readonly object: unknown;
}

function sentOf(request: RestRequest): TransportRequest {
  return {
    method: request.method ?? 'GET',
    path: withQuery(request.path, request.query),
    headers: {
      accept: request.accept ?? 'application/json',
      'user-agent': 'eliot',
      ...(request.body === undefined && request.stream === undefined
        ? {}
        : { 'content-type': request.contentType ?? 'application/json' }),
    },
    ...(request.stream === undefined ? {} : { body: request.stream }),
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    signal: request.signal,
    answerTimeoutMs: request.answerTimeoutMs,
  };
}

function isSuccess(code: number): boolean {
  return code >= 200 && code < 300;
}

function warningsOf(header: string | undefined): string[] {
  if (header === undefined) return [];
  return [...header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) => (match[1] ?? '').replace(/\\(.)/g, '$1'));
}
