/** The public keys that a directory holds. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from '../lib/unless-missing.ts';

const ending = '.pem';

/** Texts of its `.pem` files, by name without ending, in order of their names. None when there is no directory. */
export async function readKeyFiles(directory: string): Promise<ReadonlyMap<string, string>> {
  const names = (await unlessMissing(readdir(directory))) ?? [];
  const keys = new Map<string, string>();
  for (const name of names.filter((each) => each.endsWith(ending) && !each.startsWith('.')).sort()) {
    keys.set(name.slice(0, -ending.length), await readFile(join(directory, name), 'utf8'));
  }
  return keys;
}
