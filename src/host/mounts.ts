/** The mount table, and taking mounts away. */
import { readFile, realpath } from 'node:fs/promises';
import { StatusError } from '../lib/status-error.ts';
import { unlessMissing } from '../lib/unless-missing.ts';
import type { RunChild } from './run-child.ts';

export interface Mounts {
  /** Mount points, in the order they were mounted; a path mounted twice is there twice. */
  list(): Promise<readonly string[]>;
  /** Takes away what is mounted at `path`, also while it is in use (it disappears from the tree at once). */
  unmount(path: string, signal: AbortSignal): Promise<void>;
}

export function createMounts(runChild: RunChild): Mounts {
  return {
    list: async () => parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8')),
    unmount: async (path, signal) => {
      const result = await runChild('umount', ['-l', path], signal);
      if (result.exitCode === 0 || /not mounted|no mount point/.test(result.stderr)) return;
      throw new StatusError('InternalError', `cannot unmount ${path}: ${result.stderr.trim()}`);
    },
  };
}

/** The mount points of proc(5)'s `mountinfo`, with its octal escapes resolved. */
export function parseMountInfo(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.split(' ')[4])
    .filter((path) => path !== undefined)
    .map((path) => path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
}

/**
 * Unmounts everything at and below the directories, deepest first. Looks again until nothing is left: a mount may
 * have been hidden under another.
 *
 * @throws StatusError `InternalError` when mounts stay
 */
export async function unmountBelow(mounts: Mounts, directories: readonly string[], signal: AbortSignal): Promise<void> {
  // The table knows no links. What it does not name here would be deleted with the directory, and be somebody's files.
  const real = await Promise.all(directories.map(async (path) => (await unlessMissing(realpath(path))) ?? path));
  const isBelow = (path: string): boolean =>
    real.some((directory) => path === directory || path.startsWith(`${directory}/`));
  for (let round = 0; round < 10; round += 1) {
    const below = (await mounts.list()).filter(isBelow);
    if (below.length === 0) return;
    // The last mounted first, and of nested ones the deepest.
    for (const path of below.reverse().sort((a, b) => depth(b) - depth(a))) await mounts.unmount(path, signal);
  }
  throw new StatusError('InternalError', `mounts below ${directories.join(', ')} cannot be taken away`);
}

function depth(path: string): number {
  return path.split('/').length;
}
