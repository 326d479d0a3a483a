/**
 * Replaces the whole content of a directory at once, so that a reader sees the old files or the new
 * ones and never a mixture (as the kubelet's AtomicWriter): the files stand in a directory of their
 * own, `..data` is a link to it that is replaced by a rename, and every visible name is a link
 * through `..data`.
 */
import { randomBytes } from 'node:crypto';
import type { Files } from '../../host/files.ts';

export interface PayloadFile {
  readonly content: Buffer;
  /** Permission bits. */
  readonly mode: number;
  /** Owner, when it is not root. */
  readonly userId?: number | undefined;
}

/** By path relative to the volume, for example `conf/app.yaml`. */
export type Payload = ReadonlyMap<string, PayloadFile>;

export type WriterFiles = Pick<
  Files,
  | 'makeDirectory'
  | 'writeFile'
  | 'readFile'
  | 'list'
  | 'info'
  | 'symlink'
  | 'readSymlink'
  | 'rename'
  | 'remove'
  | 'chmod'
  | 'chown'
>;

const dataLink = '..data';
const newDataLink = '..data_tmp';

/**
 * Makes the directory hold just these files. Writes nothing when it does already. Repeatable after an
 * interruption at any point; a failure leaves the old files as they were.
 *
 * @param groupId owner group of everything, when the pod has an fsGroup
 * @returns whether anything was written
 */
export async function writeAtomically(
  files: WriterFiles,
  directory: string,
  payload: Payload,
  groupId: number | undefined,
  nowMs: number,
): Promise<boolean> {
  const previous = await files.readSymlink(`${directory}/${dataLink}`);
  if (previous !== undefined && (await holdsExactly(files, `${directory}/${previous}`, payload, groupId))) {
    // The last time may have been cut off just before its end.
    await tidyNames(files, directory, payload, previous);
    return false;
  }

  const fresh = `..${timestamp(nowMs)}.${randomBytes(4).readUInt32BE()}`;
  try {
    await writeFiles(files, `${directory}/${fresh}`, payload, groupId);
  } catch (error) {
    // When there is no space left, half a copy must not take what little comes.
    await files.remove(`${directory}/${fresh}`);
    throw error;
  }
  await files.remove(`${directory}/${newDataLink}`);
  await files.symlink(fresh, `${directory}/${newDataLink}`);
  await files.rename(`${directory}/${newDataLink}`, `${directory}/${dataLink}`);
  await tidyNames(files, directory, payload, fresh);
  return true;
}

async function writeFiles(
  files: WriterFiles,
  directory: string,
  payload: Payload,
  groupId: number | undefined,
): Promise<void> {
  await files.makeDirectory(directory, 0o755);
  for (const [path, { content, mode, userId }] of payload) {
    await makeParents(files, directory, path, groupId);
    const target = `${directory}/${path}`;
    await files.writeFile(target, content, groupMode(mode, groupId));
    if (groupId !== undefined || userId !== undefined) {
      await files.chown(target, userId, groupId);
      // Changing the owner drops special bits.
      await files.chmod(target, groupMode(mode, groupId));
    }
  }
}

async function holdsExactly(
  files: WriterFiles,
  directory: string,
  payload: Payload,
  groupId: number | undefined,
): Promise<boolean> {
  if ((await countFiles(files, directory)) !== payload.size) return false;
  const same = await Promise.all(
    [...payload].map(async ([path, { content, mode }]) => {
      const at = `${directory}/${path}`;
      const [found, info] = await Promise.all([files.readFile(at), files.info(at)]);
      return found?.equals(content) && info?.mode === groupMode(mode, groupId);
    }),
  );
  return same.every(Boolean);
}

async function countFiles(files: WriterFiles, directory: string): Promise<number> {
  const names = (await files.list(directory)) ?? [];
  const counts = await Promise.all(
    names.map(async (name) => {
      const path = `${directory}/${name}`;
      return (await files.info(path, false))?.kind === 'directory' ? await countFiles(files, path) : 1;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

async function makeParents(files: WriterFiles, root: string, path: string, groupId: number | undefined): Promise<void> {
  const parents = path.split('/').slice(0, -1);
  for (let depth = 1; depth <= parents.length; depth++) {
    const directory = `${root}/${parents.slice(0, depth).join('/')}`;
    await files.makeDirectory(directory, 0o755);
    if (groupId !== undefined) await files.chown(directory, undefined, groupId);
  }
}

/** One link for each first part of a path. Links of names that are gone and older content are removed. */
async function tidyNames(files: WriterFiles, directory: string, payload: Payload, current: string): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? ''));
  const older: string[] = [];
  for (const name of (await files.list(directory)) ?? []) {
    if (!name.startsWith('..')) {
      if (!wanted.delete(name)) await files.remove(`${directory}/${name}`);
    } else if (name !== dataLink && name !== current) older.push(name);
  }
  for (const name of wanted) await files.symlink(`${dataLink}/${name}`, `${directory}/${name}`);
  for (const name of older) await files.remove(`${directory}/${name}`);
}

/** With an fsGroup its members may read (kubelet: SetVolumeOwnership, read-only mask). */
function groupMode(mode: number, groupId: number | undefined): number {
  return groupId === undefined ? mode : mode | 0o440;
}

function timestamp(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 19).replace(/[-:T]/g, '_');
}
