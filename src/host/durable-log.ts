/** Files that only grow, a batch of whole lines at a time, and whose batches outlive a power cut. */
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { unlessMissing } from '../lib/unless-missing.ts';

export interface DurableLogs {
  /**
   * Adds `text` to the end of a file, which is made for its owner only when it is missing, its directory too; on disk when this resolves. A line that
   * a power cut left unfinished is ended first.
   *
   * @throws the file system's error (ENOSPC, …); nothing was added then
   */
  append(path: string, text: string): Promise<void>;
  /** Bytes; 0 when there is none. */
  size(path: string): Promise<number>;
  /** Replaces what stands at `to`; fine when there is nothing at `from`. */
  rename(from: string, to: string): Promise<void>;
  /** Fine when there is none. */
  remove(path: string): Promise<void>;
}

export function createDurableLogs(): DurableLogs {
  return {
    append: async (path, text) => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(path, 'a+', 0o600);
      try {
        await appendWhole(file, text);
      } finally {
        await file.close();
      }
    },
    size: async (path) => (await unlessMissing(stat(path)))?.size ?? 0,
    rename: async (from, to) => {
      await unlessMissing(rename(from, to));
    },
    remove: (path) => rm(path, { force: true }),
  };
}

async function appendWhole(file: FileHandle, text: string): Promise<void> {
  const { size } = await file.stat();
  try {
    await file.appendFile((await endsLine(file, size)) ? text : `\n${text}`);
    await file.datasync();
  } catch (error) {
    await file.truncate(size).catch(() => {});
    throw error;
  }
}

async function endsLine(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return true;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}
