/** The content of files of a tree, piece by piece, so that none has to fit into memory. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { FileEntry } from './entry.ts';
import { TreeError, treeErrorOf } from './tree-error.ts';
import type { TreePlaces } from './tree-places.ts';

/** An open file; `close` it. */
export interface TreeFile {
  readonly entry: FileEntry;
  /** At most `bytes` bytes from `position` on, fewer at the end. @throws TreeError Failed */
  read(position: number, bytes: number): Buffer;
  /** Whether it is as it was when it was opened: nobody has written to it meanwhile. */
  isUnchanged(): boolean;
  close(): void;
}

/** @throws TreeError Changed when there is no regular file */
export function openTreeFile(places: TreePlaces, path: string): TreeFile {
  const { fd, entry, stats } = places.openFile(path);
  return {
    entry,
    read: (position, bytes) => {
      const buffer = Buffer.allocUnsafe(bytes);
      try {
        let done = 0;
        while (done < bytes) {
          const read = readSync(fd, buffer, done, bytes - done, position + done);
          if (read === 0) break;
          done += read;
        }
        return buffer.subarray(0, done);
      } catch (error) {
        throw treeErrorOf(error, path);
      }
    },
    isUnchanged: () => {
      const now = fstatSync(fd);
      return now.ctimeMs === stats.ctimeMs && now.mtimeMs === stats.mtimeMs && now.size === stats.size;
    },
    close: () => closeSync(fd),
  };
}

/** How a file is hashed: a piece, a breath. */
const pieceBytes = 1024 * 1024;

/**
 * All of a file, piece by piece, with a breath after each for whoever else has to do something: as long as it was when it was
 * opened, for one that is appended to all the time has no end. @throws TreeError Failed
 */
export async function* piecesOf(
  file: Pick<TreeFile, 'read'> & { readonly entry: Pick<FileEntry, 'size'> },
): AsyncGenerator<Buffer, void> {
  const { size } = file.entry;
  for (let position = 0; position < size; ) {
    const bytes = file.read(position, Math.min(pieceBytes, size - position));
    if (bytes.length === 0) return;
    position += bytes.length;
    yield bytes;
    await setImmediate();
  }
}

/**
 * sha256 of a file as hex, and what the file was.
 *
 * @throws TreeError Changed when there is no file, or somebody wrote to it meanwhile
 */
export async function digestFile(
  places: TreePlaces,
  path: string,
): Promise<{ readonly digest: string; readonly entry: FileEntry }> {
  const file = openTreeFile(places, path);
  try {
    const hash = createHash('sha256');
    for await (const bytes of piecesOf(file)) hash.update(bytes);
    if (!file.isUnchanged()) throw new TreeError('Changed', `${path}: it was changed while it was read`);
    return { digest: hash.digest('hex'), entry: file.entry };
  } finally {
    file.close();
  }
}
