/**
 * A gRPC client for one unix socket, on node:http2: unary, server-streaming and bidirectional calls.
 *
 * Every call takes an AbortSignal; an abort rejects with the signal's reason and cancels the call at the server.
 * Other failures are StatusErrors (`GrpcError` when the server answered); when the connection dies every call on
 * it rejects at once with `ServiceUnavailable`. Calls are never repeated.
 */
import type { Clock } from '../../../lib/clock.ts';
import { StatusError } from '../../../lib/status-error.ts';
import { type Call, startCall } from './call.ts';
import { Connection } from './connection.ts';
import type { Method } from './method.ts';

export interface CallOptions {
  readonly signal: AbortSignal;
  /** Milliseconds until the call fails with `Timeout`. None by default. */
  readonly timeoutMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A call in which both sides send as they like. */
export interface DuplexCall<Request, Response> {
  /** Resolves when there is room for the next message. Never rejects: a failure is told by `responses`. */
  send(request: Request): Promise<void>;
  end(): void;
  readonly responses: AsyncIterableIterator<Response>;
}

export interface GrpcClient {
  unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions,
  ): Promise<Response>;
  /** Leaving the loop cancels the call. */
  serverStream<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions,
  ): AsyncIterableIterator<Response>;
  duplex<Request, Response>(
    method: Method<Request, Response>,
    options: CallOptions,
  ): Promise<DuplexCall<Request, Response>>;
  /** Resolves when the present connection ends; at once when there is none. Rejects with the signal's reason. */
  disconnected(signal: AbortSignal): Promise<void>;
  /** Ends the connection and all calls. */
  close(): void;
}

export interface GrpcClientDeps {
  readonly socketPath: string;
  readonly clock: Clock;
  /** Sent with every call. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** How long a call waits for a connection. Default 1,000 ms. */
  readonly connectTimeoutMs?: number;
  /** Default 32 MiB: ExecSync may carry 16 MiB each of stdout and stderr. */
  readonly maxMessageBytes?: number;
}

export function createGrpcClient(deps: GrpcClientDeps): GrpcClient {
  const { socketPath, clock, connectTimeoutMs = 1_000, maxMessageBytes = 32 * 1024 * 1024 } = deps;
  const connection = new Connection({ socketPath, clock, connectTimeoutMs });

  const start = async (path: string, options: CallOptions): Promise<Call> => {
    const session = await connection.session(options.signal);
    return startCall(
      { session, clock, maxMessageBytes },
      {
        path,
        metadata: { ...deps.metadata, ...options.metadata },
        signal: options.signal,
        timeoutMs: options.timeoutMs,
      },
    );
  };

  async function* serverStream<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions,
  ): AsyncIterableIterator<Response> {
    const call = await start(method.path, options);
    void call.send(method.encode(request));
    call.end();
    for await (const message of call.messages()) yield method.decode(message);
  }

  return {
    unary: async (method, request, options) => {
      const answers = [];
      for await (const answer of serverStream(method, request, options)) answers.push(answer);
      const [first] = answers;
      if (first === undefined || answers.length > 1) {
        throw new StatusError('InternalError', `${method.path} gave ${answers.length} answers instead of one`);
      }
      return first;
    },
    serverStream,
    duplex: async (method, options) => {
      const call = await start(method.path, options);
      return {
        send: (request) => call.send(method.encode(request)),
        end: () => call.end(),
        responses: decoded(call.messages(), method.decode),
      };
    },
    disconnected: (signal) => connection.disconnected(signal),
    close: () => connection.close(),
  };
}

async function* decoded<T>(
  messages: AsyncIterable<Uint8Array>,
  decode: (bytes: Uint8Array) => T,
): AsyncIterableIterator<T> {
  for await (const message of messages) yield decode(message);
}
