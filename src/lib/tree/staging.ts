/**
 * The directory that files are written in before they are put in their place: on the file system of the tree, beside it or in it.
 * Each writer has one of its own (`staging-name.ts`), and nobody finds it among his own files when it is not needed.
 *
 * A file may be a part, of which what has come is worth keeping. When its writer is done, or was killed, the newest part goes
 * beside the writers' own directories, for the next writer that wants to go on with it. Only where nobody else can write: beside
 * the tree.
 *
 * One that is in the tree has a handle of its own, which `TreePlaces.forget` does not close: a file stays for many system calls,
 * and a path by a handle that was closed leads into whatever was opened next. So what stands in it is known by name, and its
 * path is made when it is used.
 */
import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import { keepNewestPart, partName, partsIn } from './kept-parts.ts';
import { isAbandoned, isStagingName, newStagingName } from './staging-name.ts';
import { TreeError, treeErrorOf } from './tree-error.ts';
import type { HeldDirectory, TreePlaces } from './tree-places.ts';

const stagingMode = 0o700;

export class Staging {
  readonly #places: TreePlaces;
  readonly #beside: string | undefined;
  /** Of the directory, once it was needed. */
  #name: string | undefined;
  #directory: HeldDirectory | undefined;
  #counter = 0;

  /** @param beside a directory on the same file system, for this alone; its own path is trusted. Default: the tree */
  constructor(places: TreePlaces, beside: string | undefined) {
    this.#places = places;
    this.#beside = beside;
  }

  /**
   * Makes something in it, and the directory itself when there is none.
   *
   * @param act is given the path; it may be called a second time, when the directory had gone
   * @param name default: one that nothing has yet
   * @returns the name of what was made, for `at`
   * @throws what `act` throws; TreeError Failed, NoSpace, Gone
   */
  make(act: (place: string) => void, name = this.#newName()): string {
    try {
      this.#directory ??= this.#open();
      act(this.at(name));
    } catch (error) {
      if (treeErrorOf(error, name).code !== 'Changed') throw error;
      this.#close();
      this.#directory = this.#open();
      act(this.at(name));
    }
    return name;
  }

  /** A path for the next system call on what was made. @throws TreeError Changed when the directory was cleaned since */
  at(name: string): string {
    if (this.#directory === undefined) throw new TreeError('Changed', `${name}: what was written of it is gone`);
    return `${this.#directory.path}/${name}`;
  }

  /** The name for a part of the file at a path of the tree; undefined where parts are not kept. */
  partName(path: string): string | undefined {
    return this.#beside === undefined ? undefined : partName(path);
  }

  /** Brings the part of that name here that was kept, if there is one: nobody else finds it any longer. */
  takePart(name: string): void {
    if (this.#beside === undefined) return;
    this.#directory ??= this.#open();
    try {
      renameSync(`${this.#beside}/${name}`, this.at(name));
    } catch {
      // There is none.
    }
  }

  /** Removes the parts that are kept for later. @returns whether there were some */
  forgetParts(): boolean {
    if (this.#beside === undefined) return false;
    const parts = partsIn(this.#beside);
    for (const part of parts) rmSync(part, { force: true });
    removeIfEmpty(this.#beside);
    return parts.length > 0;
  }

  /** Removes what was made, when it is there still. Never throws: `clean` removes what stays. */
  discard(name: string): void {
    try {
      unlinkSync(this.at(name));
    } catch {
      // It is gone, or its directory is.
    }
  }

  /** Removes all of it but a part, which is kept for the next one; others are left alone. @throws TreeError Failed, Gone */
  clean(): void {
    this.#close();
    if (this.#name !== undefined) this.#remove(this.#name);
  }

  /**
   * Removes those of writers that were killed, and never one that somebody may use. Never throws: where it may not be done, it
   * is for others to do.
   *
   * @param nowMs since 1970
   */
  sweep(nowMs: number): void {
    for (const name of this.#all()) {
      try {
        if (name !== this.#name && isAbandoned(name, nowMs - this.#touchedMs(name))) this.#remove(name);
      } catch {
        // It has just gone, or is not ours to remove.
      }
    }
  }

  #all(): string[] {
    try {
      return readdirSync(this.#beside ?? this.#places.directory('')).filter(isStagingName);
    } catch {
      return [];
    }
  }

  /** When it, or something in it, was last written to. */
  #touchedMs(name: string): number {
    const held = this.#hold(name);
    if (held === undefined) return lstatSync(this.#places.at(name)).mtimeMs;
    try {
      const inside = readdirSync(held.path).map((each) => `${held.path}/${each}`);
      // The dot: a handle is a link for whoever does not follow it.
      return Math.max(...[`${held.path}/.`, ...inside].map((place) => lstatSync(place).mtimeMs));
    } finally {
      held.close();
    }
  }

  #remove(name: string): void {
    if (this.#beside === undefined) {
      this.#removeFromTree(name);
      return;
    }
    keepNewestPart(`${this.#beside}/${name}`, this.#beside);
    rmSync(`${this.#beside}/${name}`, { recursive: true, force: true });
    removeIfEmpty(this.#beside);
  }

  #newName(): string {
    this.#counter += 1;
    return String(this.#counter);
  }

  #removeFromTree(name: string): void {
    let left: HeldDirectory | undefined;
    try {
      left = this.#hold(name);
    } catch (error) {
      if (treeErrorOf(error, name).code === 'Changed') return;
      throw error;
    }
    if (left === undefined) {
      unlinkSync(this.#places.at(name));
      return;
    }
    // Ours has files and links only. By its handle: a container may exchange it meanwhile for a link that leads elsewhere.
    try {
      for (const each of readdirSync(left.path)) unlinkSync(`${left.path}/${each}`);
      rmdirSync(this.#places.at(name));
    } catch {
      // Somebody else has put a directory into it, or removes it himself.
    } finally {
      left.close();
    }
  }

  /** Undefined for a file or a link, which nobody but a container has made. @throws TreeError Changed when nothing is there */
  #hold(name: string): HeldDirectory | undefined {
    if (this.#beside !== undefined) return { path: `${this.#beside}/${name}`, close: () => {} };
    try {
      return this.#places.hold(name);
    } catch (error) {
      if (treeErrorOf(error, name).code === 'Blocked') return undefined;
      throw error;
    }
  }

  #open(): HeldDirectory {
    this.#name ??= newStagingName();
    if (this.#beside !== undefined) {
      const path = `${this.#beside}/${this.#name}`;
      mkdirSync(path, { recursive: true, mode: stagingMode });
      return { path, close: () => {} };
    }
    try {
      mkdirSync(this.#places.at(this.#name), { mode: stagingMode });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    return this.#places.hold(this.#name);
  }

  #close(): void {
    this.#directory?.close();
    this.#directory = undefined;
  }
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // It was not there, or somebody else works in it.
  }
}
