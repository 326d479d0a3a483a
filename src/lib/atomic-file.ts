/** Files that are whole or absent, whatever moment the power is cut. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Replaces `path` with `content`: after a power cut the file holds either the old content or the new,
 * never a part. The new content is on disk (file and directory synced) when this resolves.
 *
 * @param content may come piece by piece; when it fails, so does this
 * @param mode permission bits of the new file, for example 0o600; never wider while it is being written
 * @throws the file system's error (ENOSPC, EACCES, …); the old file is then untouched and no rest stays behind
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array | AsyncIterable<Uint8Array>,
  mode: number,
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.chmod(mode);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
