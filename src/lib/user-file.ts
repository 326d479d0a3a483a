/** Files of the person who runs a program: made where they belong, links followed, directories for their owner alone. */
import { mkdir, open, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileAtomic } from './atomic-file.ts';

/** What holds keys is nobody else's to list. */
const directoryMode = 0o700;

/**
 * Replaces a file as `writeFileAtomic` does. Where a symbolic link stands (people keep such files in a repository), the file
 * that it leads to is replaced and the link stays. Missing directories above it are made.
 *
 * @param mode permission bits, for example 0o600
 * @throws the file system's error
 */
export async function writeUserFile(
  path: string,
  content: string | Uint8Array | AsyncIterable<Uint8Array>,
  mode: number,
): Promise<void> {
  await makeDirectories(dirname(path));
  await writeFileAtomic(await targetOf(path), content, mode);
}

/**
 * Makes an empty file, and the missing directories above it.
 *
 * @throws the file system's error, `code: 'EEXIST'` when there is a file
 */
export async function createUserFile(path: string): Promise<void> {
  await makeDirectories(dirname(path));
  const file = await open(path, 'wx', 0o600);
  await file.close();
}

async function makeDirectories(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: directoryMode });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    // Not to be taken for the file itself, that is there already.
    throw Object.assign(new Error(`${path} is no directory`, { cause }), { code: 'ENOTDIR' });
  }
}

async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return path;
    throw error;
  }
}
