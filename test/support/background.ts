import { type ChildProcess, spawn } from 'node:child_process';
import { waitFor } from './wait.ts';

/** A program that runs beside the test: `kubectl get -w`, `logs -f`, `port-forward`. */
export class Background {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.child.stdin?.on('error', () => {});
  }

  /** Waits until stdout matches. */
  async prints(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpMatchArray> {
    return this.#shows('stdout', pattern, timeoutMs);
  }

  /** Waits until stderr matches. */
  async tells(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpMatchArray> {
    return this.#shows('stderr', pattern, timeoutMs);
  }

  #shows(where: 'stdout' | 'stderr', pattern: RegExp, timeoutMs: number): Promise<RegExpMatchArray> {
    return waitFor(
      `${pattern} on ${where}`,
      () => {
        const match = this[where].match(pattern);
        if (!match) throw new Error(`printed so far: ${this.stdout.slice(-2000)}\n${this.stderr.slice(-2000)}`);
        return match;
      },
      { timeoutMs, intervalMs: 10 },
    );
  }

  /** Waits for its end; the exit code, or -1 when a signal ended it. */
  async ended(timeoutMs = 20_000): Promise<number> {
    await waitFor('the end of the program', () => this.child.exitCode !== null || this.child.signalCode !== null, {
      timeoutMs,
    });
    return this.child.exitCode ?? -1;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill(signal);
    await this.ended();
  }
}
