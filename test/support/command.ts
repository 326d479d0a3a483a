import { spawn } from 'node:child_process';

export interface CommandOptions {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  /** The command is killed after this many milliseconds. Default 60,000. */
  readonly timeoutMs?: number;
  readonly cwd?: string;
}

export interface CommandResult {
  /** -1 when it was killed. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as it came. */
  readonly bytes: Buffer;
}

/** Runs a command to its end, whatever its exit code. */
export function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    ...(options.cwd ? { cwd: options.cwd } : {}),
    timeout: options.timeoutMs ?? 60_000,
    killSignal: 'SIGKILL',
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(options.input);
  child.on('error', reject);
  child.on('close', (code) => {
    const bytes = Buffer.concat(stdout);
    resolve({ exitCode: code ?? -1, stdout: bytes.toString(), stderr: Buffer.concat(stderr).toString(), bytes });
  });
  return promise;
}

/** Runs a command that must succeed; fails with everything it printed. */
export async function runOk(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await run(command, args, options);
  if (result.exitCode !== 0) {
    throw new Error(
      `${command} ${args.join(' ')} ended with ${result.exitCode}\n${result.stderr}\n${result.stdout.slice(0, 4000)}`,
    );
  }
  return result;
}
