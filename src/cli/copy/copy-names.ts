/** Where each file of a copy goes. Pure; paths in a pod are always those of Linux. */
import { posix } from 'node:path';
import { UsageError } from '../usage-error.ts';

export interface Upload {
  /** The directory in which the pod unpacks; empty: its working directory. */
  readonly directory: string;
  /** What the copied file or directory is called there. */
  readonly name: string;
}

/** A directory that exists gets the copy into it, under its own name; else the copy gets the name of the destination. */
export function computeUpload(source: string, destination: string, isDirectory: boolean): Upload {
  const cleaned = posix.normalize(destination).replace(/(.)\/+$/, '$1');
  const target = isDirectory ? posix.join(cleaned, posix.basename(posix.normalize(source))) : cleaned;
  const directory = posix.dirname(target);
  return { directory: directory === '.' ? '' : directory, name: posix.basename(target) };
}

/** Under what a tar in the pod stores `path`: without what leads to the root or above it. */
export function storedName(path: string): string {
  const cleaned = posix.normalize(path).replace(/\/+$/, '');
  const [, stored = ''] = /^(?:\/|\.\.\/)*(.*)$/.exec(cleaned) ?? [];
  return stored === '.' || stored === '..' ? '' : stored;
}

/**
 * A member's place below `path`, '' for itself.
 *
 * @param stored `storedName` of what was asked for
 * @throws UsageError when the pod sent something else than what was asked for
 */
export function placeBelow(stored: string, member: string): string {
  const name = posix.normalize(member).replace(/^\/+/, '').replace(/\/+$/, '');
  const isBelow = stored === '' || name === stored || name.startsWith(`${stored}/`);
  const rest = stored === '' ? (name === '.' ? '' : name) : name.slice(stored.length + 1);
  if (!isBelow || rest.split('/').includes('..')) {
    throw new UsageError(
      'tar contents corrupted',
      `the container sent ${JSON.stringify(member)}, which was not asked for`,
    );
  }
  return rest;
}
