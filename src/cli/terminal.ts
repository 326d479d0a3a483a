/** The terminal while a remote process owns it: raw, with its size told on, and as it was afterwards. */
import { on } from 'node:events';
import type { InputStream, OutputStream } from './io.ts';

export interface WindowSize {
  readonly width: number;
  readonly height: number;
}

/** Runs `work` with the terminal raw (when `stdin` is one); however it ends, the terminal is sane again. */
export async function withRawTerminal<T>(stdin: InputStream, work: () => Promise<T>): Promise<T> {
  if (!stdin.isTTY || stdin.setRawMode === undefined) return await work();
  stdin.setRawMode(true);
  try {
    return await work();
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
  }
}

/** The size of the terminal now, then each time it changes; ends when `signal` aborts. */
export async function* windowSizes(stdout: OutputStream, signal: AbortSignal): AsyncGenerator<WindowSize> {
  const size = (): WindowSize => ({ width: stdout.columns ?? 80, height: stdout.rows ?? 24 });
  yield size();
  try {
    for await (const _event of on(stdout, 'resize', { signal })) yield size();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
