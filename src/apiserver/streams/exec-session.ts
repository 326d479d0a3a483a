import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { StreamEnds, StreamResult } from '../pod-streams.ts';
import { type ExecStatus, exitStatus, failureStatus } from './exec-status.ts';

/** Runs the command or attaches; see `PodStreams.exec`. */
export type ExecHandler = (ends: StreamEnds, signal: AbortSignal) => Promise<StreamResult>;

/** A client that has everything ready for a command, whatever its wire protocol is. */
export interface ExecSession {
  readonly ends: StreamEnds;
  /** Aborts when the client has gone or the server stops. */
  readonly gone: AbortSignal;
  /** Says how it ended, after all output, and closes the connection in good order. */
  readonly finish: (status: ExecStatus) => Promise<void>;
}

/**
 * Serves one exec or attach from its first byte to its last word. Never rejects.
 *
 * @param action for error messages, see `failureStatus`
 */
export async function serveExec(session: ExecSession, handler: ExecHandler, action: string): Promise<void> {
  const { ends, gone, finish } = session;
  // Who writes learns of a broken stream by its callback or by `gone`; the event itself is nobody's news.
  for (const stream of [ends.stdin, ends.stdout, ends.stderr]) stream?.on('error', () => {});
  const status = await outcome(handler, ends, gone, action);
  if (gone.aborted) return;
  await Promise.all([endOutput(ends.stdout), endOutput(ends.stderr)]);
  if (gone.aborted) return;
  await finish(status);
}

async function outcome(
  handler: ExecHandler,
  ends: StreamEnds,
  signal: AbortSignal,
  action: string,
): Promise<ExecStatus> {
  try {
    const { exitCode } = await handler(ends, signal);
    return exitStatus(exitCode);
  } catch (error) {
    return failureStatus(error, action);
  }
}

/** Resolves when everything written has left, or cannot any more. */
async function endOutput(stream: Writable | undefined): Promise<void> {
  if (!stream || stream.destroyed) return;
  stream.end();
  await finished(stream, { readable: false }).catch(() => {});
}
