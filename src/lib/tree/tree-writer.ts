/**
 * Changes a tree, one entry at a time, each whole or not at all: a file is written elsewhere on the same file system and then
 * put in its place by one rename. Never through a link, never out of the tree (`TreePlaces`).
 *
 * Each change may say what it believes to be there; when something else is there, nothing is done and that is the failure.
 * Nothing is synced to disk: what is written here is somewhere else too, and flash wears out.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmdirSync,
  statfsSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { type DirectoryEntry, type Entry, type FileEntry, isSameEntry, type LinkEntry } from './entry.ts';
import { Staging } from './staging.ts';
import { TreeError, treeErrorOf } from './tree-error.ts';
import { conflictPath } from './tree-path.ts';
import type { TreePlaces } from './tree-places.ts';

/** Whose the files are that are made. */
export interface TreeOwner {
  readonly uid: number;
  readonly gid: number;
}

export interface TreeWriterOptions {
  readonly places: TreePlaces;
  /** Default: whoever runs this. */
  readonly owner?: TreeOwner | undefined;
  /** A directory on the same file system, for writers of this tree alone, where files are written. Default: the tree. */
  readonly staging?: string | undefined;
  /** Epoch milliseconds, for the names of what is kept aside. */
  readonly now: () => number;
}

/** What whoever asks for a change believes to be there: an entry, nothing, or `any`. */
export type Expected = Entry | undefined | 'any';

/** Mode of a directory that has to be made for something in it. */
const parentMode = 0o755;
const writeFlags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** What comes next is always written at the end. */
const partFlags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
const maxConflicts = 100;

/** A file on its way. */
export interface StagedFile {
  readonly fd: number;
  /** In the staging directory. */
  readonly name: string;
}

export class TreeWriter {
  readonly #options: TreeWriterOptions;
  readonly #staging: Staging;

  constructor(options: TreeWriterOptions) {
    this.#options = options;
    this.#staging = new Staging(options.places, options.staging);
  }

  /** Removes all that is staged; the part of a file that was left last is kept for the next writer. */
  clean(): void {
    this.#staging.clean();
  }

  /** Removes the parts of files that are kept, as nobody goes on with them. */
  forgetParts(): void {
    this.#staging.forgetParts();
  }

  /** Removes what other writers have left behind that were killed. Never throws. */
  sweep(): void {
    this.#staging.sweep(this.#options.now());
  }

  /** @param mode that the file is to have; nobody else sees it before @throws TreeError NoSpace, Failed */
  stage(mode = 0o600): StagedFile {
    try {
      let fd = -1;
      const name = this.#staging.make((place) => {
        fd = openSync(place, writeFlags, mode);
      });
      return { fd, name };
    } catch (error) {
      throw treeErrorOf(error, 'a new file');
    }
  }

  /**
   * As `stage`, for a file that may not come whole: what was written of it before, when there is some.
   *
   * @param path that the file is to have
   * @throws TreeError NoSpace, Failed
   */
  stagePart(path: string, mode: number): StagedFile {
    const name = this.#staging.partName(path);
    if (name === undefined) return this.stage(mode);
    try {
      let fd = -1;
      this.#staging.takePart(name);
      this.#staging.make((place) => {
        fd = openSync(place, partFlags, mode);
      }, name);
      return { fd, name };
    } catch (error) {
      throw treeErrorOf(error, 'a new file');
    }
  }

  /** Gives a part another name: it can be read as before, and `stagePart` begins anew. @throws TreeError Failed */
  setAside({ fd, name }: StagedFile): StagedFile {
    return { fd, name: this.#staging.make((place) => renameSync(this.#staging.at(name), place)) };
  }

  /** How long a staged file is. */
  lengthOf({ fd }: StagedFile): number {
    return fstatSync(fd).size;
  }

  /** Forgets what was written from `bytes` on. @throws TreeError Failed */
  shorten({ fd }: StagedFile, bytes: number): void {
    try {
      ftruncateSync(fd, bytes);
    } catch (error) {
      throw treeErrorOf(error, 'a new file');
    }
  }

  /** @throws TreeError NoSpace */
  write({ fd }: StagedFile, bytes: Uint8Array): void {
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    } catch (error) {
      throw treeErrorOf(error, 'a new file');
    }
  }

  /** @throws TreeError NoSpace when so many bytes more would not fit, as far as the file system knows */
  checkRoom({ name }: StagedFile, bytes: number): void {
    const isRoomy = (): boolean => {
      const { bfree, bsize } = statfsSync(this.#staging.at(name));
      return bfree * bsize >= bytes;
    };
    // What may never be wanted again takes no room from what is.
    if (!isRoomy() && !(this.#staging.forgetParts() && isRoomy())) {
      throw new TreeError('NoSpace', 'a new file: no space left');
    }
  }

  /** What was written before. @throws TreeError Failed */
  readBack({ fd }: StagedFile, position: number, bytes: number): Buffer {
    const buffer = Buffer.allocUnsafe(bytes);
    try {
      return buffer.subarray(0, readSync(fd, buffer, 0, bytes, position));
    } catch (error) {
      throw treeErrorOf(error, 'a new file');
    }
  }

  /** Lets a staged file go that is not wanted any longer. */
  discard({ fd, name }: StagedFile): void {
    closeSync(fd);
    this.#staging.discard(name);
  }

  /** Lets a staged file go; `stagePart` goes on with it, if that has given it. */
  leave(staged: StagedFile, path: string): void {
    const isPart = staged.name === this.#staging.partName(path);
    if (isPart && this.lengthOf(staged) > 0) closeSync(staged.fd);
    else this.discard(staged);
  }

  /**
   * Puts a staged file in its place. It is gone from staging afterwards, also when this fails.
   *
   * @returns what is there now
   * @throws TreeError Changed when something else than `expected` is there; Blocked, Failed
   */
  place(
    path: string,
    staged: StagedFile,
    { mode, mtimeMs }: Pick<FileEntry, 'mode' | 'mtimeMs'>,
    expected: Expected,
  ): Entry {
    const { places, owner } = this.#options;
    let isPlaced = false;
    try {
      const made: FileEntry = { kind: 'file', mode, mtimeMs, size: this.#dress(staged.fd, mode, owner) };
      futimesSync(staged.fd, mtimeMs / 1000, mtimeMs / 1000);
      if (expected === 'any') this.#putThere(path, staged.name);
      else {
        this.#makeParents(path);
        if (this.#expect(path, expected) === 'directory') this.#clearDirectory(path);
        renameSync(this.#staging.at(staged.name), places.at(path));
      }
      isPlaced = true;
      return made;
    } catch (error) {
      throw treeErrorOf(error, path);
    } finally {
      closeSync(staged.fd);
      if (!isPlaced) this.#staging.discard(staged.name);
    }
  }

  /** Makes a directory, or gives one that is there its permissions. */
  makeDirectory(path: string, { mode }: DirectoryEntry, expected: Expected): Entry {
    return this.#named(path, () => {
      const { places } = this.#options;
      this.#makeParents(path);
      const found = this.#expect(path, expected);
      if (found !== undefined && found !== 'directory') unlinkSync(places.at(path));
      if (found !== 'directory') {
        mkdirSync(places.at(path));
        this.#own(places.at(path));
      }
      // By the handle of the directory itself: chmod follows links.
      places.forget();
      chmodSync(places.directory(path), mode);
    });
  }

  makeLink(path: string, { target }: LinkEntry, expected: Expected): Entry {
    return this.#named(path, () => {
      const { places } = this.#options;
      this.#makeParents(path);
      if (this.#expect(path, expected) === 'directory') this.#clearDirectory(path);
      const staged = this.#staging.make((place) => symlinkSync(target, place));
      try {
        this.#own(this.#staging.at(staged));
        renameSync(this.#staging.at(staged), places.at(path));
      } catch (error) {
        this.#staging.discard(staged);
        throw error;
      }
    });
  }

  /** Gives a file whose content is right the permissions and time of another. */
  setFile(path: string, { mode, mtimeMs }: Pick<FileEntry, 'mode' | 'mtimeMs'>, expected: Expected): Entry {
    return this.#named(path, () => {
      this.#expect(path, expected);
      const { fd } = this.#options.places.openFile(path);
      try {
        fchmodSync(fd, mode);
        futimesSync(fd, mtimeMs / 1000, mtimeMs / 1000);
      } finally {
        closeSync(fd);
      }
    });
  }

  /**
   * Removes an entry. A directory that still has something in it stays, and that is no failure: it is somebody else's.
   *
   * @returns what is there now: nothing, or that directory
   */
  remove(path: string, expected: Expected): Entry | undefined {
    const { places } = this.#options;
    const before = places.entryAt(path);
    if (before === undefined) return undefined;
    try {
      if (this.#expect(path, expected) !== 'directory') {
        unlinkSync(places.at(path));
        return undefined;
      }
      places.forget();
      rmdirSync(places.at(path));
      return undefined;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      if (code === 'ENOTEMPTY' || code === 'EEXIST') return before === 'special' ? undefined : before;
      throw treeErrorOf(error, path);
    }
  }

  /**
   * Gives an entry another name beside its own, so that its place is free and nothing is lost.
   *
   * @returns the new path
   */
  keepAside(path: string, expected: Expected): string {
    try {
      this.#expect(path, expected);
      return this.#makeRoom(path);
    } catch (error) {
      throw treeErrorOf(error, path);
    }
  }

  /** Permissions and owner, as far as they are not so from the start: mostly they are. @returns the length */
  #dress(fd: number, mode: number, owner: TreeOwner | undefined): number {
    const found = fstatSync(fd);
    if (owner !== undefined && (found.uid !== owner.uid || found.gid !== owner.gid)) {
      fchownSync(fd, owner.uid, owner.gid);
    }
    if ((found.mode & 0o777) !== mode) fchmodSync(fd, mode);
    return found.size;
  }

  /** Whatever is there. It is looked at only when the rename says that something is in the way: mostly nothing is. */
  #putThere(path: string, staged: string): void {
    const { places } = this.#options;
    try {
      renameSync(this.#staging.at(staged), places.at(path));
    } catch (error) {
      const { code } = treeErrorOf(error, path);
      if (code !== 'Changed') throw error;
      this.#makeParents(path);
      const found = places.entryAt(path);
      if (found !== 'special' && found?.kind === 'directory') this.#clearDirectory(path);
      renameSync(this.#staging.at(staged), places.at(path));
    }
  }

  /** An empty one goes; one that has something in it is kept aside. */
  #clearDirectory(path: string): void {
    const { places } = this.#options;
    places.forget();
    try {
      rmdirSync(places.at(path));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
      this.#makeRoom(path);
    }
  }

  #makeRoom(path: string): string {
    const { places, now } = this.#options;
    for (let attempt = 0; attempt < maxConflicts; attempt += 1) {
      const aside = conflictPath(path, now(), attempt);
      if (places.entryAt(aside) !== undefined) continue;
      places.forget();
      renameSync(places.at(path), places.at(aside));
      return aside;
    }
    throw new TreeError('Failed', `${path}: there are too many versions of it`);
  }

  #makeParents(path: string): void {
    this.#options.places.makeParents(path, parentMode, (place) => this.#own(place));
  }

  #own(place: string): void {
    const { owner } = this.#options;
    if (owner !== undefined) lchownSync(place, owner.uid, owner.gid);
  }

  /** @returns the kind of what is there @throws TreeError Changed */
  #expect(path: string, expected: Expected): Entry['kind'] | 'special' | undefined {
    const found = this.#options.places.entryAt(path);
    if (expected !== 'any' && (found === 'special' || !isSameEntry(found, expected))) {
      throw new TreeError('Changed', `${path}: it was changed meanwhile`);
    }
    return found === 'special' ? found : found?.kind;
  }

  #named(path: string, act: () => void): Entry {
    try {
      act();
      return this.#made(path);
    } catch (error) {
      throw treeErrorOf(error, path);
    }
  }

  #made(path: string): Entry {
    const made = this.#options.places.entryAt(path);
    if (made === undefined || made === 'special') throw new TreeError('Changed', `${path}: it was changed meanwhile`);
    return made;
  }
}
