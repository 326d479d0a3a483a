/**
 * Reaches the places of a tree whose content belongs to somebody who may want to lead us out of it, and who may change it
 * while we work: a volume that containers write to, or a directory that a device says what to write into.
 *
 * A path is walked from the open root, one part at a time, and every part must be a directory and no link (`O_NOFOLLOW`). What
 * comes after happens through the handle of the last directory (`/proc/self/fd/N/name`), so that no name is looked up twice:
 * a directory that is exchanged for a link meanwhile leads nowhere. Where there is no `/proc` (a laptop that is no Linux)
 * the parts are looked at one by one instead.
 *
 * Everything is synchronous: it is used by programs that do nothing else, and a hop to Node's threads costs more than the call.
 */
import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { Entry, FileEntry } from './entry.ts';
import { TreeError, treeErrorOf } from './tree-error.ts';
import { joinPath, nameOf, parentOf } from './tree-path.ts';

/** Linux's O_PATH: a handle of a place, that neither reads nor opens what is there. */
const oPath = 0o10000000;
const directoryFlags = oPath | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** A FIFO that nobody writes to must not hold us. */
const readFlags = constants.O_RDONLY | constants.O_NONBLOCK;
const permissionBits = 0o777;
/** Directories that are kept open between two accesses. */
const maxKept = 32;

/** A directory that stays the same one until it is closed, whatever is forgotten and whoever moves it. */
export interface HeldDirectory {
  /** Good until `close`. */
  readonly path: string;
  close(): void;
}

/** A regular file that is open for reading, and what it was before anything of it was read. */
export interface OpenedFile {
  readonly fd: number;
  readonly entry: FileEntry;
  readonly stats: Stats;
}

export class TreePlaces {
  readonly root: string;
  readonly #rootFd: number | undefined;
  #isClosed = false;
  /** Handles of directories, by path; the one used last is the last. */
  readonly #kept = new Map<string, number>();

  /**
   * @param root an existing directory, and no link; its own path is trusted
   * @throws TreeError Gone when there is none
   */
  constructor(root: string, { byHandle = process.platform === 'linux' }: { readonly byHandle?: boolean } = {}) {
    this.root = root;
    try {
      if (byHandle) this.#rootFd = openSync(root, directoryFlags);
      else if (!lstatSync(root).isDirectory()) throw new Error('no directory');
    } catch (cause) {
      throw new TreeError('Gone', `${root} is no directory`, { cause });
    }
  }

  /** Forgets the directories that it has open: to be called whenever others had time to move them. */
  forget(): void {
    for (const fd of this.#kept.values()) closeSync(fd);
    this.#kept.clear();
  }

  /** Nothing of the tree can be reached afterwards. */
  close(): void {
    this.forget();
    this.#isClosed = true;
    if (this.#rootFd !== undefined) closeSync(this.#rootFd);
  }

  /**
   * A path for the next system call on `path`, good until `forget`. Only its last part is looked up by that call, which must
   * not follow a link there.
   *
   * @throws TreeError Blocked when a directory above is none, Changed when it is missing, Gone when the root is
   */
  at(path: string): string {
    return path === '' ? this.directory('') : `${this.directory(parentOf(path))}/${nameOf(path)}`;
  }

  /** A path by which a directory of the tree itself is reached; the root is the empty path. */
  directory(path: string): string {
    // The number of the root's handle is soon that of something else.
    if (this.#isClosed) throw new TreeError('Gone', `${this.root} is not open any longer`);
    if (this.#rootFd === undefined) return this.#checkedPath(path);
    return `/proc/self/fd/${path === '' ? this.#rootFd : this.#handleOf(path, this.#rootFd)}`;
  }

  /**
   * Opens a directory of the tree for longer than until `forget`; the caller closes it.
   *
   * @throws TreeError Blocked when it is none, Changed when it is missing
   */
  hold(path: string): HeldDirectory {
    const place = this.at(path);
    if (this.#rootFd === undefined) {
      const current = (): string => this.directory(path);
      current();
      return {
        get path() {
          return current();
        },
        close: () => {},
      };
    }
    try {
      const fd = openSync(place, directoryFlags);
      return { path: `/proc/self/fd/${fd}`, close: () => closeSync(fd) };
    } catch (error) {
      throw treeErrorOf(error, path);
    }
  }

  /** What stands there; undefined for nothing. Sockets, devices and FIFOs count as nothing that could be carried. */
  entryAt(path: string): Entry | 'special' | undefined {
    try {
      const place = this.at(path);
      return entryOf(lstatSync(place), () => readlinkSync(place));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      if (error instanceof TreeError && (error.code === 'Changed' || error.code === 'Blocked')) return undefined;
      throw treeErrorOf(error, path);
    }
  }

  /**
   * Opens a regular file for reading; the caller closes it. Nothing else is opened, not even to look at it: a container can make
   * the node of any device, and to open one may do something to the machine (a watchdog begins to wait).
   *
   * @throws TreeError Changed when there is none
   */
  openFile(path: string): OpenedFile {
    try {
      const place = this.at(path);
      if (this.#rootFd === undefined) {
        requireFile(lstatSync(place), path);
        return openedFile(openSync(place, readFlags | constants.O_NOFOLLOW), path);
      }
      const found = openSync(place, oPath | constants.O_NOFOLLOW);
      try {
        // The same file is opened then, whatever has its name by now.
        const stats = fstatSync(found);
        const entry = requireFile(stats, path);
        return { fd: openSync(`/proc/self/fd/${found}`, readFlags), entry, stats };
      } finally {
        closeSync(found);
      }
    } catch (error) {
      throw treeErrorOf(error, path);
    }
  }

  /** Makes the directories above `path` that are missing. @param onMade told the path of each */
  makeParents(path: string, mode: number, onMade: (place: string) => void): void {
    const parent = parentOf(path);
    if (parent === '' || this.entryAt(parent) !== undefined) return;
    this.makeParents(parent, mode, onMade);
    try {
      mkdirSync(this.at(parent), { mode });
      onMade(this.at(parent));
    } catch (error) {
      throw treeErrorOf(error, parent);
    }
  }

  #handleOf(path: string, rootFd: number): number {
    const kept = this.#kept.get(path);
    if (kept !== undefined) {
      this.#kept.delete(path);
      this.#kept.set(path, kept);
      return kept;
    }
    const parent = parentOf(path);
    const above = parent === '' ? rootFd : this.#handleOf(parent, rootFd);
    let fd: number;
    try {
      fd = openSync(`/proc/self/fd/${above}/${nameOf(path)}`, directoryFlags);
    } catch (error) {
      throw treeErrorOf(error, path);
    }
    this.#kept.set(path, fd);
    this.#letOldGo(path);
    return fd;
  }

  /** Those that nobody used for long; never one that is above `path`, which is being walked. */
  #letOldGo(path: string): void {
    if (this.#kept.size <= maxKept) return;
    for (const [other, fd] of this.#kept) {
      if (path === other || path.startsWith(`${other}/`)) continue;
      closeSync(fd);
      this.#kept.delete(other);
      return;
    }
  }

  #checkedPath(path: string): string {
    let current = '';
    for (const part of path === '' ? [] : path.split('/')) {
      current = joinPath(current, part);
      let isDirectory: boolean;
      try {
        isDirectory = lstatSync(join(this.root, current)).isDirectory();
      } catch (error) {
        throw treeErrorOf(error, current);
      }
      if (!isDirectory) throw new TreeError('Blocked', `${current} is no directory`);
    }
    return join(this.root, path);
  }
}

/** @throws TreeError Changed */
function requireFile(stats: Stats, path: string): FileEntry {
  const entry = entryOf(stats, () => '');
  if (entry !== 'special' && entry.kind === 'file') return entry;
  throw new TreeError('Changed', `${path}: it is no file any longer`);
}

function openedFile(fd: number, path: string): OpenedFile {
  try {
    const stats = fstatSync(fd);
    return { fd, entry: requireFile(stats, path), stats };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** @param readTarget called for a link only */
export function entryOf(stats: Stats, readTarget: () => string): Entry | 'special' {
  const mode = stats.mode & permissionBits;
  if (stats.isFile()) return { kind: 'file', mode, size: stats.size, mtimeMs: Math.round(stats.mtimeMs) };
  if (stats.isDirectory()) return { kind: 'directory', mode };
  if (stats.isSymbolicLink()) return { kind: 'link', target: readTarget() };
  return 'special';
}
