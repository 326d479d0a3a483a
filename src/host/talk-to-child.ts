/** A child process that is talked with while it works: for what is too large for eliotd's own memory and loop. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Readable } from 'node:stream';
import { StatusError } from '../lib/status-error.ts';

/** So long it may clean up. */
const patienceMs = 60_000;

/** What it prints to stderr is kept as far as this, for the words of a failure. */
const maxErrorBytes = 4_096;

export interface TalkOptions {
  /** The Node that runs it, and its file. */
  readonly node: string;
  readonly program: string;
  /** The first message. */
  readonly question: unknown;
  /** Piped to its stdin at its own pace; undefined: nothing. */
  readonly input?: Readable | undefined;
}

/** Talks with a child until it ends. */
export type TalkToChild = (
  options: TalkOptions,
  /** Told each message, in order; what it returns is sent back, unless it is undefined. What it throws ends the child. */
  onMessage: (message: unknown) => Promise<unknown>,
  signal: AbortSignal,
) => Promise<void>;

/**
 * Resolves when the child has ended by itself with exit code 0, and everything it said was heard.
 *
 * @throws what `onMessage` threw; the signal's reason when aborted; StatusError `InternalError` when the child failed
 */
export const talkToChild: TalkToChild = async ({ node, program, question, input }, onMessage, signal) => {
  signal.throwIfAborted();
  const child = fork(program, [], { execPath: node, stdio: ['pipe', 'ignore', 'pipe', 'ipc'], execArgv: [] });
  const ended = whenEnded(child);
  let failure: { readonly error: unknown } | undefined;
  const end = (error: unknown): void => {
    failure ??= { error };
    // It cleans up after itself when nobody listens any more.
    if (child.connected) child.disconnect();
    setTimeout(() => child.kill('SIGKILL'), patienceMs).unref();
  };
  let heard: Promise<void> = Promise.resolve();
  child.on('message', (message) => {
    heard = heard
      .then(async () => {
        if (failure !== undefined) return;
        const answer = await onMessage(message);
        if (answer !== undefined && child.connected) child.send(answer as object, () => {});
      })
      .catch(end);
  });
  const onAbort = (): void => end(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  // A child that ends without reading its input breaks the pipe; what it said tells the story.
  child.stdin?.on('error', () => {});
  // A source that breaks off is an input that ends early, which the child finds out.
  const breakOff = (): void => void child.stdin?.end();
  if (input === undefined) child.stdin?.end();
  else
    input
      .once('error', breakOff)
      .once('close', breakOff)
      .pipe(child.stdin as NodeJS.WritableStream);
  try {
    child.send(question as object, () => {});
    const { exitCode, stderr } = await ended;
    await heard;
    if (failure !== undefined) throw failure.error;
    if (exitCode !== 0) throw new StatusError('InternalError', `${program} ended with ${exitCode}: ${stderr}`);
  } finally {
    signal.removeEventListener('abort', onAbort);
    input?.off('error', breakOff).off('close', breakOff).unpipe();
  }
};

/** Its end, when all that it said was heard. `close` does not come for a child whose channel was closed on this side. */
async function whenEnded(child: ChildProcess): Promise<{ readonly exitCode: number | null; readonly stderr: string }> {
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-maxErrorBytes);
  });
  const [closed, silent, exited] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<number | null>(),
  ];
  child.stderr?.once('close', () => closed.resolve());
  child.once('disconnect', () => silent.resolve());
  child.once('exit', (exitCode) => exited.resolve(exitCode));
  child.once('error', (error) => {
    stderr = error.message;
    for (const each of [closed, silent]) each.resolve();
    exited.resolve(null);
  });
  const exitCode = await exited.promise;
  await Promise.all([closed.promise, silent.promise]);
  return { exitCode, stderr: stderr.trim() };
}
