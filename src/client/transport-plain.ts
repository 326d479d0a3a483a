/**
 * A question without a body over a connection that is open already, for an answer that is wanted whole.
 *
 * `node:http` can do far more, and takes a short command a tenth of its time (docs/adr/0050).
 */
import type { TLSSocket } from 'node:tls';
import { AnswerReader, type WholeAnswer } from './answer-reader.ts';

export interface PlainRequest {
  /** With the query, escaped. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Largest body of the answer. */
  readonly maxBytes: number;
  /** Longest silence until the answer begins, and inside it; `onSilence` says what that means. */
  readonly silenceMs: number;
  readonly onSilence: (hasBegun: boolean) => Error;
  readonly signal: AbortSignal | undefined;
}

export interface PlainAnswer extends WholeAnswer {
  /** Whether the connection can be asked again. */
  readonly isReusable: boolean;
}

/** The connection ended before anything of the answer arrived. */
export class NothingAnswered extends Error {
  override readonly name = 'NothingAnswered';
  readonly code = 'ECONNRESET';
}

/** Whether it can be written down as it is. */
export function isPlain({ path, headers }: Pick<PlainRequest, 'path' | 'headers'>): boolean {
  return /^[\x21-\x7e]+$/.test(path) && Object.values(headers).every((value) => /^[\x20-\x7e]*$/.test(value));
}

/**
 * Asks, and resolves with the answer, whatever its status. A connection that fails in any way is destroyed.
 *
 * @param socket connected, nothing else in flight on it
 * @throws NothingAnswered; the error of the connection; BadAnswer; AnswerTooLarge; `onSilence()`; `signal.reason`
 */
export async function askPlainly(socket: TLSSocket, request: PlainRequest): Promise<PlainAnswer> {
  const { path, headers, maxBytes, silenceMs, onSilence, signal } = request;
  const { promise, resolve, reject } = Promise.withResolvers<PlainAnswer>();
  const reader = new AnswerReader(maxBytes);
  let hasBegun = false;
  const timer = setTimeout(() => reject(onSilence(hasBegun)), silenceMs);
  const onData = (chunk: Buffer): void => {
    hasBegun = true;
    timer.refresh();
    try {
      const answer = reader.take(chunk);
      if (answer === undefined) return;
      const isKept = answer.headers.get('connection')?.toLowerCase() !== 'close';
      resolve({ ...answer, isReusable: isKept && reader.surplusBytes === 0 });
    } catch (error) {
      reject(error);
    }
  };
  const onClose = (): void => {
    reject(hasBegun ? Object.assign(new Error('aborted'), { code: 'ECONNRESET' }) : new NothingAnswered('no answer'));
  };
  const onError = (error: NodeJS.ErrnoException): void => {
    const isLost = error.code === 'ECONNRESET' || error.code === 'EPIPE';
    reject(isLost && !hasBegun ? new NothingAnswered('no answer', { cause: error }) : error);
  };
  const onAbort = (): void => reject(signal?.reason);
  socket.on('data', onData).on('end', onClose).on('close', onClose).on('error', onError);
  signal?.addEventListener('abort', onAbort);
  socket.write(textOf(path, headers));
  try {
    return await promise;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    socket.off('data', onData).off('end', onClose).off('close', onClose).off('error', onError);
  }
}

function textOf(path: string, headers: PlainRequest['headers']): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
