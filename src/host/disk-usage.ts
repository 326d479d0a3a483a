/** What a directory takes on disk: as `du`, without following links, each file once. */
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from '../lib/unless-missing.ts';

/** Bytes in blocks at and below `path`; 0 when there is nothing. What vanishes meanwhile is left out. */
export async function diskUsage(path: string): Promise<number> {
  const seen = new Set<string>();
  const root = await unlessMissing(lstat(path));
  if (root === undefined) return 0;
  const sum = async (at: string): Promise<number> => {
    const status = await unlessMissing(lstat(at));
    // Another file system that is mounted here has its own account.
    if (status === undefined || status.dev !== root.dev) return 0;
    if (status.nlink > 1 && !status.isDirectory()) {
      const identity = `${status.dev}:${status.ino}`;
      if (seen.has(identity)) return 0;
      seen.add(identity);
    }
    let bytes = status.blocks * 512;
    if (!status.isDirectory()) return bytes;
    const directory = await unlessMissing(opendir(at));
    if (directory === undefined) return bytes;
    for await (const entry of directory) bytes += await sum(join(at, entry.name));
    return bytes;
  };
  return await sum(path);
}
