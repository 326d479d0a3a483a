/** Runs a short-lived program to its end: certificates, iptables, syncfs. */
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { StatusError } from '../lib/status-error.ts';

export interface ChildOptions {
  /**
   * Written to stdin, which is then closed: a text, or what comes, at the pace of the child. One that fails closes it as well;
   * the rest of one that the child does not read is left.
   */
  readonly input?: string | AsyncIterable<Uint8Array>;
  /** Added to our own environment, in place of what has the same name there. */
  readonly env?: Readonly<Record<string, string>>;
  /** The child is killed after this many milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
  /** The child is killed when more is printed. Default 16 MiB. */
  readonly maxOutputBytes?: number;
}

export interface ChildResult {
  /** -1 when the child was ended by a signal. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a program and waits for its end. A non-zero exit is a result, not an error. */
export type RunChild = (
  command: string,
  args: readonly string[],
  signal: AbortSignal,
  options?: ChildOptions,
) => Promise<ChildResult>;

/**
 * @throws StatusError `NotFound` when there is no such program, `Timeout` when it took too long,
 *   `InternalError` when it printed too much; the signal's reason when aborted
 */
export const runChild: RunChild = (command, args, signal, options = {}) => {
  const { input = '', timeoutMs = 30_000, maxOutputBytes = 16 * 1024 * 1024 } = options;
  const { promise, resolve, reject } = Promise.withResolvers<ChildResult>();
  signal.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  const child = spawn(command, args, {
    signal: AbortSignal.any([signal, timeout]),
    killSignal: 'SIGKILL',
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });

  let printedBytes = 0;
  const collect = (chunks: Buffer[]) => (chunk: Buffer) => {
    printedBytes += chunk.length;
    if (printedBytes <= maxOutputBytes) chunks.push(chunk);
    else {
      child.kill('SIGKILL');
      reject(new StatusError('InternalError', `${command} printed more than ${maxOutputBytes} bytes`));
    }
  };
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', collect(stdout));
  child.stderr.on('data', collect(stderr));

  child.on('error', (cause: NodeJS.ErrnoException) => {
    if (signal.aborted) reject(signal.reason);
    else if (timeout.aborted)
      reject(new StatusError('Timeout', `${command} took longer than ${timeoutMs} ms`, { cause }));
    else if (cause.code === 'ENOENT') reject(new StatusError('NotFound', `${command} is not installed`, { cause }));
    else reject(new StatusError('InternalError', `cannot run ${command}`, { cause }));
  });
  child.on('close', (code) => {
    resolve({
      exitCode: code ?? -1,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
    });
  });
  // A child that ends without reading its input breaks the pipe; its exit code tells the story.
  child.stdin.on('error', () => {});
  if (typeof input === 'string') child.stdin.end(input);
  else {
    const source = Readable.from(input, { objectMode: false });
    source.once('error', () => child.stdin.end()).pipe(child.stdin);
    child.once('close', () => source.destroy());
  }
  return promise;
};
