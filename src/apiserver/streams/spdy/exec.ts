import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../../../lib/clock.ts';
import { StatusError } from '../../../lib/status-error.ts';
import type { TerminalSize } from '../../pod-streams.ts';
import type { ExecSession } from '../exec-session.ts';
import type { ExecStatus } from '../exec-status.ts';
import { LatestValue } from '../latest-value.ts';
import type { StreamQuery } from '../stream-query.ts';
import { parseTerminalSize } from '../terminal-size.ts';
import type { SpdyConnection } from './connection.ts';
import type { SpdyStream } from './stream.ts';

/** Versions of exec over SPDY, best first; from v3 on a terminal has a resize stream, from v4 on errors are a Status. */
export const spdyExecProtocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];

/** Milliseconds for the client to open its streams, and to close the connection at the end (Kubernetes' values). */
const openStreamsMs = 30_000;
const finishMs = 10_000;

/** Longest JSON of a terminal's size. */
const maxSizeText = 1_024;

/** Collects the streams that a client opens, by their `streamtype`. */
export class ExecStreams {
  readonly #streams = new Map<string, SpdyStream>();
  readonly #expected: ReadonlySet<string>;
  readonly #complete = Promise.withResolvers<ReadonlyMap<string, SpdyStream>>();

  constructor(query: StreamQuery, protocol: string) {
    const hasResize = query.tty && (protocol.startsWith('v4') || protocol.startsWith('v3'));
    this.#expected = new Set(
      [
        'error',
        query.stdin && 'stdin',
        query.stdout && 'stdout',
        query.stderr && 'stderr',
        hasResize && 'resize',
      ].filter((name) => name !== false),
    );
  }

  /** One that was not asked for, or came twice, is reset. */
  add(stream: SpdyStream): void {
    const type = stream.headers.get('streamtype') ?? '';
    if (!this.#expected.has(type) || this.#streams.has(type)) {
      stream.destroy();
      return;
    }
    this.#streams.set(type, stream);
    if (this.#streams.size === this.#expected.size) this.#complete.resolve(this.#streams);
  }

  /** @throws StatusError Timeout when the client does not open all that its query announced */
  async all(clock: Clock, gone: AbortSignal): Promise<ReadonlyMap<string, SpdyStream>> {
    const done = new AbortController();
    const deadline = clock.sleep(openStreamsMs, AbortSignal.any([gone, done.signal])).then((): never => {
      throw new StatusError('Timeout', 'timed out waiting for client to create streams');
    });
    deadline.catch(() => {});
    try {
      return await Promise.race([this.#complete.promise, deadline]);
    } finally {
      done.abort();
    }
  }
}

/** The streams of one exec or attach over SPDY, when all of them are open. */
export function openSpdyExec(
  connection: SpdyConnection,
  streams: ReadonlyMap<string, SpdyStream>,
  protocol: string,
  tty: boolean,
  gone: AbortSignal,
): ExecSession {
  const [error, stdin, stdout, stderr] = ['error', 'stdin', 'stdout', 'stderr'].map((type) => streams.get(type));
  // The client's ends of these carry nothing but FIN; they must be read to be seen closed.
  for (const stream of [error, stdout, stderr]) stream?.resume();
  const sizes = new LatestValue<TerminalSize>();
  const resize = streams.get('resize');
  if (resize) readSizes(resize, sizes).catch(() => {});
  gone.addEventListener('abort', () => sizes.end());
  return {
    ends: { stdin, stdout, stderr, tty, resize: sizes },
    gone,
    finish: async (status) => {
      // What the client still sends as stdin is dropped, so that its closing is seen behind it.
      stdin?.resume();
      error?.end(encodeStatus(status, protocol));
      await connection.finish(finishMs);
    },
  };
}

/** Sizes come as JSON values one after the other, each with a newline, as Go's encoder writes them. */
async function readSizes(resize: Readable, sizes: LatestValue<TerminalSize>): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let text = '';
  for await (const chunk of resize) {
    const lines = `${text}${decoder.write(chunk)}`.split('\n');
    text = (lines.pop() ?? '').slice(0, maxSizeText);
    for (const line of lines) {
      const size = parseTerminalSize(line);
      if (size) sizes.set(size);
    }
  }
}

function encodeStatus(status: ExecStatus, protocol: string): string {
  return protocol.startsWith('v4') ? JSON.stringify(status) : (status.message ?? '');
}
