/** The terminal while a remote process owns it: raw, with its size told on, and as it was afterwards. */
import { on } from 'node:events';
import type { InputStream, OutputStream } from '../io.ts';

export interface WindowSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Runs `work` with the terminal raw (when `stdin` is one); however it ends, the terminal is sane again. When `signal`
 * aborts it is so at once: the work may take its time to end, and a second signal ends the process.
 */
export async function withRawTerminal<T>(stdin: InputStream, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (!stdin.isTTY || stdin.setRawMode === undefined) return await work();
  signal.throwIfAborted();
  let isRaw = true;
  const restore = (): void => {
    if (isRaw) stdin.setRawMode?.(false);
    isRaw = false;
  };
  stdin.setRawMode(true);
  signal.addEventListener('abort', restore, { once: true });
  try {
    return await work();
  } finally {
    signal.removeEventListener('abort', restore);
    restore();
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
