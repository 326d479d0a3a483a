/**
 * Opens a path inside a directory whose content belongs to somebody who may want to lead us out of it, and who may
 * change it while we look: a sub-path of a volume that containers write to.
 *
 * The path is resolved first, links included, and must stay inside. Then it is walked from the open root, one part at
 * a time and following no link, so that what was swapped in between is noticed (as the kubelet's subpath package does).
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { unlessMissing } from '../lib/unless-missing.ts';

/** Linux's O_PATH: a handle of a place, that neither reads nor opens what is there. */
const oPath = 0o10000000;
const placeFlags = oPath | constants.O_NOFOLLOW;

/**
 * A handle of what stands there; whoever calls closes it. Missing directories are made with the mode of the root.
 *
 * @param path relative, without `..`
 * @throws Error when it would lead out of `root`, or was changed meanwhile
 */
export async function openInside(root: string, path: string): Promise<FileHandle> {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..')) throw new Error(`${path} leaves its volume`);
  const realRoot = await realpath(root);
  const { present, missing } = await splitPath(realRoot, parts);
  const inside = relative(realRoot, present);
  if (inside === '..' || inside.startsWith('../')) throw new Error(`${path} leaves its volume by a symbolic link`);

  let handle = await open(realRoot, placeFlags);
  try {
    const { mode } = await handle.stat();
    for (const part of inside.split('/').filter((name) => name !== '')) handle = await step(handle, part);
    for (const part of missing) {
      await mkdir(join(pathOf(handle), part), { mode: mode & 0o7777 });
      handle = await step(handle, part);
      // Whatever the umask is; a new directory has its group from one that hands its own on.
      const made = await open(pathOf(handle), constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        await made.chmod(mode & 0o7777);
      } finally {
        await made.close();
      }
    }
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Path by which this process reaches what the handle stands for, whatever its name is by now. */
export function pathOf(handle: FileHandle): string {
  return `/proc/self/fd/${handle.fd}`;
}

/** The longest part that exists, without links, and the names that are missing below it. */
async function splitPath(
  root: string,
  parts: readonly string[],
): Promise<{ readonly present: string; readonly missing: readonly string[] }> {
  for (let count = parts.length; count > 0; count -= 1) {
    const present = await unlessMissing(realpath(join(root, ...parts.slice(0, count))));
    if (present !== undefined) return { present, missing: parts.slice(count) };
  }
  return { present: root, missing: parts };
}

/** The handle of one name in a directory; that of the directory is closed. */
async function step(directory: FileHandle, name: string): Promise<FileHandle> {
  const next = await open(join(pathOf(directory), name), placeFlags);
  if ((await next.stat()).isSymbolicLink()) {
    await next.close();
    throw new Error(`${name} became a symbolic link meanwhile`);
  }
  await directory.close();
  return next;
}
