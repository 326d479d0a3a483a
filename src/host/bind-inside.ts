/** Makes one file or directory of a volume a mount of its own, which nobody can exchange for something else afterwards. */
import type { FileHandle } from 'node:fs/promises';
import { mkdir, realpath, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StatusError } from '../lib/status-error.ts';
import { unlessMissing } from '../lib/unless-missing.ts';
import type { Mounts } from './mounts.ts';
import { openInside } from './open-inside.ts';
import type { RunChild } from './run-child.ts';

/**
 * Binds what `path` names inside of `root` to `target`, and does nothing when it is there already; what was bound there
 * before is let go. Missing directories are made.
 *
 * @throws Error when `path` would lead out of `root`
 */
export type BindInside = (root: string, path: string, target: string) => Promise<void>;

/** @param signal aborts programs under way when the process stops */
export function createBindInside(runChild: RunChild, mounts: Mounts, signal: AbortSignal): BindInside {
  return async (root, path, target) => {
    const source = await openInside(root, path);
    try {
      const found = await unlessMissing(realpath(target));
      if (found !== undefined && (await mounts.list()).includes(found)) {
        if (await isSame(source, found)) return;
        await mounts.unmount(found, signal);
      }
      await makeTarget(source, target);
      const place = await realpath(target);
      // By the handle and not by name: mount must not look the name up again.
      const from = `/proc/${process.pid}/fd/${source.fd}`;
      const result = await runChild('mount', ['--no-canonicalize', '--bind', from, place], signal);
      if (result.exitCode !== 0) throw new StatusError('InternalError', `bind ${place}: ${result.stderr.trim()}`);
    } finally {
      await source.close();
    }
  };
}

/** What is mounted over must be of the kind of what is mounted; a target is empty, or it would not be ours. */
async function makeTarget(source: FileHandle, target: string): Promise<void> {
  const isDirectory = (await source.stat()).isDirectory();
  const found = await unlessMissing(stat(target));
  if (found?.isDirectory() === isDirectory) return;
  if (found) await (found.isDirectory() ? rmdir(target) : unlink(target));
  await mkdir(isDirectory ? target : dirname(target), { recursive: true, mode: 0o750 });
  if (!isDirectory) await writeFile(target, '');
}

async function isSame(source: FileHandle, target: string): Promise<boolean> {
  const [wanted, found] = [await source.stat(), await stat(target)];
  return wanted.dev === found.dev && wanted.ino === found.ino;
}
