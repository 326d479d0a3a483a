/** One gRPC call on one HTTP/2 stream: messages in, messages out, one outcome. */
import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import type { Clock } from '../../../lib/clock.ts';
import { encodeFrame, FrameReader } from '../../../lib/grpc/frames.ts';
import { type AnswerHeaders, GrpcError, grpcCode, outcomeOf } from '../../../lib/grpc/grpc-error.ts';
import { StatusError } from '../../../lib/status-error.ts';

export interface CallDeps {
  readonly session: ClientHttp2Session;
  readonly clock: Clock;
  readonly maxMessageBytes: number;
}

export interface CallRequest {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Undefined means no deadline. */
  readonly timeoutMs: number | undefined;
}

export interface Call {
  /** Sends one message; resolves when there is room for the next (flow control). */
  send(message: Uint8Array): Promise<void>;
  /** No more messages from us. */
  end(): void;
  /** The answers. Ends after success, throws otherwise. Leaving the loop early cancels the call. */
  messages(): AsyncGenerator<Buffer>;
}

/** Starts a call. The caller must read `messages()` to its end or leave that loop. */
export function startCall(deps: CallDeps, request: CallRequest): Call {
  const { path, signal, timeoutMs } = request;
  signal.throwIfAborted();
  const stream = openStream(deps.session, request);
  let outcome: GrpcError | undefined | 'none' = 'none';
  let failure: unknown;
  let reset = false;

  const stop = (error: unknown): void => {
    failure ??= error;
    reset = true;
    stream.close(constants.NGHTTP2_CANCEL);
  };
  const onAbort = (): void => stop(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const finished = new AbortController();
  if (timeoutMs !== undefined) {
    const message = `${path} took longer than ${timeoutMs} ms`;
    deps.clock.sleep(timeoutMs, finished.signal).then(
      () => stop(new StatusError('Timeout', message)),
      () => {},
    );
  }
  stream.once('close', () => {
    signal.removeEventListener('abort', onAbort);
    finished.abort();
  });

  /** The server has said how the call ended, or never will: nobody reads what we still have to send. */
  const answered = Promise.withResolvers<void>();
  stream.once('close', answered.resolve);
  const onHeaders = (headers: AnswerHeaders): void => {
    if (outcome === 'none') outcome = outcomeOf(headers, path);
    const status = Number(headers[':status'] ?? 200);
    if (outcome === 'none' && status !== 200) {
      outcome = new GrpcError(grpcCode.unknown, `${path} was answered with HTTP status ${status}`);
    }
    if (outcome !== 'none') answered.resolve();
  };
  stream.on('response', onHeaders);
  stream.on('trailers', onHeaders);
  // The cause of a broken stream; what it means is decided when the answers end.
  let streamError: unknown;
  stream.on('error', (error) => {
    streamError = error;
  });

  /** What went wrong, once the stream is over; undefined for success. */
  const verdict = (isInsideMessage: boolean): unknown => {
    if (failure !== undefined) return failure;
    if (outcome !== 'none') {
      if (outcome === undefined && isInsideMessage) return brokenCall(path, 'the answer ended inside a message');
      return outcome;
    }
    if (stream.rstCode === constants.NGHTTP2_INTERNAL_ERROR || stream.rstCode === constants.NGHTTP2_PROTOCOL_ERROR) {
      return brokenCall(path, `the runtime reset the call with code ${stream.rstCode}`, streamError);
    }
    return new StatusError('ServiceUnavailable', `${path}: the connection to the container runtime was lost`, {
      cause: streamError,
    });
  };

  return {
    send: async (message) => {
      // A failed write is told by messages(), which knows why.
      if (stream.destroyed || stream.writableEnded || outcome !== 'none') return;
      const written = Promise.withResolvers<void>();
      stream.write(encodeFrame(message), () => written.resolve());
      await Promise.race([written.promise, answered.promise]);
    },
    end: () => {
      if (!stream.destroyed && !stream.writableEnded) stream.end();
    },
    async *messages() {
      const reader = new FrameReader(deps.maxMessageBytes);
      try {
        try {
          for await (const chunk of stream) yield* reader.push(chunk as Buffer);
        } catch (error) {
          if (error instanceof StatusError) throw error;
          // Premature close and the like: the verdict below names the reason.
          streamError ??= error;
        }
        await closed(stream, outcome !== 'none');
        const error = verdict(reader.isInsideMessage);
        if (error !== undefined) throw error;
      } finally {
        if (!stream.closed && !reset) stream.close(constants.NGHTTP2_CANCEL);
      }
    },
  };
}

function openStream(session: ClientHttp2Session, request: CallRequest): ClientHttp2Stream {
  const { path, metadata, timeoutMs } = request;
  try {
    return session.request({
      ...metadata,
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(timeoutMs === undefined ? {} : { 'grpc-timeout': formatTimeout(timeoutMs) }),
    });
  } catch (cause) {
    // The session died between being looked up and being used.
    throw new StatusError('ServiceUnavailable', `${path}: the connection to the container runtime was lost`, { cause });
  }
}

/** gRPC's timeout value: at most eight digits and a unit. */
function formatTimeout(timeoutMs: number): string {
  const ms = Math.max(1, Math.ceil(timeoutMs));
  return ms < 100_000_000 ? `${ms}m` : `${Math.ceil(ms / 1000)}S`;
}

function brokenCall(path: string, text: string, cause?: unknown): StatusError {
  return new StatusError('InternalError', `${path}: ${text}`, { cause });
}

/** @param isAnswered the call is decided although our side may still be open (an early error) */
function closed(stream: ClientHttp2Stream, isAnswered: boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (stream.destroyed && stream.closed) resolve();
  else {
    stream.once('close', () => resolve());
    if (isAnswered && !stream.writableFinished) stream.close(constants.NGHTTP2_NO_ERROR);
  }
  return promise;
}
