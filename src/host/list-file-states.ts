/** The regular files of a directory, with what shows whether they change. Links are left out. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from '../lib/unless-missing.ts';

/** In order of their names; none when there is no directory. */
export async function listFileStates(
  directory: string,
): Promise<readonly { readonly name: string; readonly sizeBytes: number; readonly changedMs: number }[]> {
  const states: { name: string; sizeBytes: number; changedMs: number }[] = [];
  for (const name of ((await unlessMissing(readdir(directory))) ?? []).sort()) {
    const found = await unlessMissing(lstat(join(directory, name)));
    if (found?.isFile()) states.push({ name, sizeBytes: found.size, changedMs: found.mtimeMs });
  }
  return states;
}
