/** A program that lasts, reached by its stdin and stdout as one stream of bytes. */
import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';

/** So much of what it prints to stderr is kept, the last of it. */
const maxErrorBytes = 4 * 1024;
/** After its input has ended it may take so long to finish what it is at. */
const graceMs = 5_000;

export interface ChildStream {
  readonly stream: Duplex;
  /** Resolves when the program is gone, with the end of its stderr when it failed. */
  readonly ended: Promise<string | undefined>;
}

/** Starts a program; it is ended when the stream closes or `signal` aborts. */
export type StartChild = (command: string, args: readonly string[], signal: AbortSignal) => ChildStream;

export const startChild: StartChild = (command, args, signal) => {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const { promise: ended, resolve } = Promise.withResolvers<string | undefined>();
  let printed = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed = (printed + text).slice(-maxErrorBytes);
  });
  // A child that is gone breaks the pipe; its end tells the story.
  child.stdin.on('error', () => {});
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  stream.on('error', () => {});
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  let timer: NodeJS.Timeout | undefined;
  stream.once('close', () => {
    child.stdin.destroy();
    timer = setTimeout(kill, graceMs);
  });
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  child.on('error', (error) => {
    printed = error.message;
    stream.destroy();
  });
  child.on('close', (code, by) => {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
    stream.destroy();
    resolve(code === 0 || by === 'SIGKILL' ? undefined : printed.trim() || `it ended with ${code ?? by}`);
  });
  return { stream, ended };
};
