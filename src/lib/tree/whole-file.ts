/** A file whose content comes piece by piece: whole in its place at the end, or not at all. */
import type { Entry, FileEntry } from './entry.ts';
import { TreeError } from './tree-error.ts';
import type { Expected, StagedFile, TreeWriter } from './tree-writer.ts';

/** Takes no more of the disk than was announced. What goes wrong on the way is kept until it is finished. */
export class WholeFile {
  readonly #writer: TreeWriter;
  readonly #path: string;
  readonly #entry: FileEntry;
  #staged: StagedFile | undefined;
  #bytes = 0;
  #failure: unknown;

  /**
   * @param entry what was announced
   * @param stagedMode of the file until it is whole
   */
  constructor(writer: TreeWriter, path: string, entry: FileEntry, stagedMode: number) {
    this.#writer = writer;
    this.#path = path;
    this.#entry = entry;
    this.#try(() => {
      this.#staged = writer.stage(stagedMode);
    });
  }

  /** Takes a piece. Never throws: what comes until the end is on its way already. */
  add(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    this.#try(() => {
      if (this.#bytes > this.#entry.size) throw new TreeError('Invalid', `${this.#path}: more came than was announced`);
      if (this.#staged !== undefined) this.#writer.write(this.#staged, bytes);
    });
  }

  /**
   * Puts it in its place.
   *
   * @param expected what must be there still; else it is left as it is
   * @throws TreeError what had failed on the way, or fails now (NoSpace, Changed, …); nothing has changed then
   */
  finish(expected: Expected): Entry {
    const staged = this.#staged;
    if (this.#failure !== undefined || staged === undefined || this.#bytes !== this.#entry.size) {
      this.drop();
      throw this.#failure ?? notWhole(this.#path);
    }
    this.#staged = undefined;
    return this.#writer.place(this.#path, staged, this.#entry, expected);
  }

  /** It comes no further. */
  drop(): void {
    if (this.#staged !== undefined) this.#writer.discard(this.#staged);
    this.#staged = undefined;
  }

  #try(act: () => void): void {
    if (this.#failure !== undefined) return;
    try {
      act();
    } catch (error) {
      this.#failure = error;
      // A full disk has room again at once.
      this.drop();
    }
  }
}

/** Less came than was announced, or whoever sends it has given up. */
export function notWhole(path: string): TreeError {
  return new TreeError('Invalid', `${path}: it did not come whole`);
}
