/**
 * Parts of large files that did not come whole, kept for whoever goes on with them. Of all of them only the newest: what may
 * never be wanted again must not fill a disk.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';

const prefix = 'part-';

/** The name for the part of a file. @param path in its tree */
export function partName(path: string): string {
  return `${prefix}${createHash('sha256').update(path).digest('hex').slice(0, 32)}`;
}

/** Paths of the parts in a directory, the newest last; none when there is no directory. */
export function partsIn(directory: string): string[] {
  try {
    const parts = readdirSync(directory).filter((name) => name.startsWith(prefix));
    const dated = parts.map((name) => [`${directory}/${name}`, lstatSync(`${directory}/${name}`).mtimeMs] as const);
    return dated.sort(([, a], [, b]) => a - b).map(([path]) => path);
  } catch {
    return [];
  }
}

/** Moves the newest part of a directory, when it has one, to another, in which it is the only one then. */
export function keepNewestPart(from: string, to: string): void {
  const newest = partsIn(from).findLast((path) => lstatSync(path).size > 0);
  if (newest === undefined) return;
  for (const older of partsIn(to)) rmSync(older, { force: true });
  renameSync(newest, `${to}/${newest.slice(from.length + 1)}`);
}
