/** Volumes in memory: tmpfs mounts, and whether a path is on one already. */
import { realpath, statfs } from 'node:fs/promises';
import { StatusError } from '../lib/status-error.ts';
import { unlessMissing } from '../lib/unless-missing.ts';
import { type Mounts, unmountBelow } from './mounts.ts';
import type { RunChild } from './run-child.ts';

/** The kernel's magic numbers of file systems that live in memory: tmpfs and ramfs. */
const inMemoryTypes: ReadonlySet<number> = new Set([0x0102_1994, 0x8584_58f6]);

export interface Tmpfs {
  isMountPoint(path: string): Promise<boolean>;
  /** @param options size in bytes; undefined is the kernel's default, half of the memory */
  mountTmpfs(path: string, options: { readonly sizeBytes: number | undefined; readonly mode: number }): Promise<void>;
  /** Unmounts everything at and below `path`. Fine when there is nothing. */
  unmountBelow(path: string): Promise<void>;
  /** False when there is no such path. */
  isOnTmpfs(path: string): Promise<boolean>;
}

/** @param signal aborts programs under way when the process stops */
export function createTmpfs(runChild: RunChild, mounts: Mounts, signal: AbortSignal): Tmpfs {
  return {
    // The mount table knows no links.
    isMountPoint: async (path) => (await mounts.list()).includes((await unlessMissing(realpath(path))) ?? path),
    async mountTmpfs(path, { sizeBytes, mode }) {
      const size = sizeBytes === undefined ? '' : `,size=${sizeBytes}`;
      const options = `mode=${mode.toString(8)},nosuid,nodev${size}`;
      const result = await runChild('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], signal);
      if (result.exitCode !== 0) {
        throw new StatusError('InternalError', `mount tmpfs at ${path}: ${result.stderr.trim()}`);
      }
    },
    unmountBelow: (path) => unmountBelow(mounts, [path], signal),
    isOnTmpfs: async (path) => {
      const type = await statfs(path).then(
        (found) => found.type,
        () => undefined,
      );
      return type !== undefined && inMemoryTypes.has(type);
    },
  };
}
