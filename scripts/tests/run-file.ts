/** Runs one file of tests in a process of its own. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseSummary, type Summary } from './summary.ts';

/** How long a file whose time is up has to clean up before it is killed. */
const cleanUpMs = 10_000;

export interface FileResult extends Summary {
  readonly path: string;
  readonly seconds: number;
  /** As node:test's spec reporter prints it, errors included. */
  readonly output: string;
}

/** Never rejects: a process that dies without counts, or runs longer than `timeoutMs`, has one failure. */
export async function runFile(path: string, timeoutMs: number, root: string): Promise<FileResult> {
  const startedMs = performance.now();
  const child = spawn(
    process.execPath,
    [
      `--import=${fileURLToPath(new URL('keep-compiled.ts', import.meta.url))}`,
      `--test-timeout=${timeoutMs}`,
      '--test-reporter=spec',
      '--disable-warning=ExperimentalWarning',
      path,
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_ENV: 'test' } },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    // Decoded as a whole: a letter may be split between two chunks.
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let isLate = false;
  let kill: NodeJS.Timeout | undefined;
  const end = setTimeout(() => {
    isLate = true;
    child.kill('SIGTERM');
    kill = setTimeout(() => child.kill('SIGKILL'), cleanUpMs);
  }, timeoutMs);
  child.on('error', (error) => {
    output += `${error.message}\n`;
    resolve(false);
  });
  child.on('close', (code) => resolve(code === 0));
  const isFine = await promise;
  clearTimeout(end);
  clearTimeout(kill);
  if (isLate) output += `✖ ${path} was ended: it took more than ${timeoutMs / 1000} s\n`;
  const summary = parseSummary(output);
  const failed = Math.max(summary.failed, isFine ? 0 : 1);
  return { ...summary, failed, path, seconds: (performance.now() - startedMs) / 1000, output };
}
