/** Log files on the machine's disk, and notice of their changes by inotify. */
import { watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { unlessMissing } from '../lib/unless-missing.ts';

/** An open file that keeps its identity while it is renamed or removed. */
export interface OpenLogFile {
  readonly inode: number;
  readSize(): Promise<number>;
  /** Resolves with the number of bytes put at the start of `buffer`; 0 at the end. */
  read(buffer: Buffer, position: number): Promise<number>;
  close(): Promise<void>;
}

export interface HostLogFiles {
  open(path: string): Promise<OpenLogFile | undefined>;
  readInode(path: string): Promise<number | undefined>;
  watch(path: string, listener: () => void): () => void;
}

export function createLogFiles(): HostLogFiles {
  return {
    open: async (path) => {
      const handle = await unlessMissing(open(path));
      if (!handle) return undefined;
      const { ino } = await handle.stat();
      return {
        inode: ino,
        readSize: async () => (await handle.stat()).size,
        read: async (buffer, position) => (await handle.read(buffer, 0, buffer.length, position)).bytesRead,
        close: () => handle.close(),
      };
    },
    readInode: async (path) => (await unlessMissing(stat(path)))?.ino,
    watch: (path, listener) => {
      try {
        // The directory, not the file: it also tells of the file that takes its place.
        const watcher = watch(dirname(path), { persistent: false }, listener);
        watcher.on('error', listener);
        return () => watcher.close();
      } catch {
        // No directory yet, or no watches left.
        return () => {};
      }
    },
  };
}
