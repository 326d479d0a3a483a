/** Log files on the machine's disk, and notice of their changes by inotify. */
import { constants, lstatSync, watch } from 'node:fs';
import { appendFile, lstat, open, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { unlessMissing } from '../lib/unless-missing.ts';
import { isOpenIn } from './is-open-in.ts';

/** An open file that keeps its identity while it is renamed or removed. */
export interface OpenLogFile {
  readonly inode: number;
  readSize(): Promise<number>;
  /** Resolves with the number of bytes put at the start of `buffer`; 0 at the end. */
  read(buffer: Buffer, position: number): Promise<number>;
  /** Whether the program that writes logs has it open and wrote to it in the last seconds. */
  isBeingWritten(): Promise<boolean>;
  close(): Promise<void>;
}

/** What reading logs needs. */
export interface HostLogFiles {
  /** Undefined when there is none; a symbolic link is none. */
  open(path: string): Promise<OpenLogFile | undefined>;
  readInode(path: string): Promise<number | undefined>;
  list(path: string): Promise<readonly { readonly path: string; readonly inode: number }[]>;
  watch(path: string, listener: () => void): () => void;
}

/** What rotating logs needs. */
export interface HostRotation {
  /** Inode and size in bytes of a regular file, `other` for what is none, undefined when nothing is there. At once. */
  look(path: string): { readonly inode: number; readonly size: number } | 'other' | undefined;
  /** The rotated files of a log, oldest first. */
  rotated(path: string): Promise<readonly string[]>;
  rename(from: string, to: string): Promise<void>;
  /** Fine when there is none. */
  remove(path: string): Promise<void>;
  append(path: string, text: string): Promise<void>;
  /** A symbolic link, which replaces what stands at `path`, at once. */
  link(target: string, path: string): Promise<void>;
  readLink(path: string): Promise<string | undefined>;
  /** Calls `listener` after changes of this file until the returned function is called; undefined: it cannot be watched. */
  watchFile(path: string, listener: () => void): (() => void) | undefined;
}

/** Digits that rotation adds to a name, as the kubelet: `0.log.20260102-150405`. They sort by age. */
const rotatedSuffix = /^\d{8}-\d{6}$/;

/** A file that was left open for longer than this has been forgotten, not kept for writing. */
const handOverMs = 5_000;

/** @param writer name of the program that writes the logs */
export function createLogFiles(writer: string): HostLogFiles & HostRotation {
  return {
    open: (path) => openLogFile(path, writer),
    readInode: async (path) => (await unlessMissing(lstat(path)))?.ino,
    async list(path) {
      const paths = [...(await rotatedPaths(path)), path];
      const found = await Promise.all(paths.map((each) => unlessMissing(lstat(each))));
      return paths.flatMap((each, index) => (found[index]?.isFile() ? [{ path: each, inode: found[index].ino }] : []));
    },
    watch: (path, listener) => {
      try {
        // The directory, not the file: it also tells of the file that takes its place.
        const watcher = watch(dirname(path), { persistent: false }, listener);
        watcher.on('error', listener);
        return () => watcher.close();
      } catch {
        // No directory yet, or no watches left.
        return () => {};
      }
    },
    look: (path) => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (found === undefined) return undefined;
      return found.isFile() ? { inode: found.ino, size: found.size } : 'other';
    },
    rotated: rotatedPaths,
    rename: (from, to) => rename(from, to),
    remove: (path) => rm(path, { force: true }),
    append: (path, text) => appendFile(path, text),
    async link(target, path) {
      const part = `${path}.link`;
      await rm(part, { force: true });
      await symlink(target, part);
      await rename(part, path);
    },
    readLink: (path) => unlessMissing(readlink(path)),
    watchFile: (path, listener) => {
      try {
        const watcher = watch(path, { persistent: false }, listener);
        watcher.on('error', listener);
        return () => watcher.close();
      } catch {
        return undefined;
      }
    },
  };
}

async function openLogFile(path: string, writer: string): Promise<OpenLogFile | undefined> {
  let handle: Awaited<ReturnType<typeof open>> | undefined;
  try {
    handle = await unlessMissing(open(path, constants.O_RDONLY | constants.O_NOFOLLOW));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') return undefined;
    throw error;
  }
  if (!handle) return undefined;
  const file = handle;
  const { ino } = await file.stat();
  return {
    inode: ino,
    readSize: async () => (await file.stat()).size,
    read: async (buffer, position) => (await file.read(buffer, 0, buffer.length, position)).bytesRead,
    isBeingWritten: async () => {
      const found = await file.stat();
      // A clock that was set back makes times of the future.
      return Math.abs(Date.now() - found.mtimeMs) < handOverMs && (await isOpenIn(writer, found));
    },
    close: () => file.close(),
  };
}

async function rotatedPaths(path: string): Promise<readonly string[]> {
  const [directory, name] = [dirname(path), basename(path)];
  const names = (await unlessMissing(readdir(directory))) ?? [];
  return names
    .filter((each) => each.startsWith(`${name}.`) && rotatedSuffix.test(each.slice(name.length + 1)))
    .sort()
    .map((each) => join(directory, each));
}
