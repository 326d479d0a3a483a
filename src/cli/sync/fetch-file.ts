/** Brings one file from the device, whole in its place or not at all. */
import type { Entry, FileEntry } from '../../lib/tree/entry.ts';
import { TreeError } from '../../lib/tree/tree-error.ts';
import type { Expected, StagedFile, TreeWriter } from '../../lib/tree/tree-writer.ts';
import type { ContentSink } from './remote-tree.ts';

/** A file on its way to its place here. What goes wrong is kept until it is asked for. */
export class FetchedFile implements ContentSink {
  readonly #path: string;
  readonly #writer: TreeWriter;
  #entry: FileEntry | undefined;
  #staged: StagedFile | undefined;
  #bytes = 0;
  #failure: unknown;

  constructor(path: string, writer: TreeWriter) {
    this.#path = path;
    this.#writer = writer;
  }

  begin(entry: FileEntry): void {
    this.#entry = entry;
    this.#try(() => {
      this.#staged = this.#writer.stage();
    });
  }

  add(bytes: Buffer): void {
    this.#bytes += bytes.length;
    this.#try(() => {
      if (this.#staged !== undefined) this.#writer.write(this.#staged, bytes);
    });
  }

  /**
   * Puts it in its place.
   *
   * @param expected what must be there still; else it is left as it is
   * @throws TreeError NoSpace, Changed, …; nothing has changed then
   */
  finish(expected: Expected): Entry {
    const [entry, staged] = [this.#entry, this.#staged];
    if (this.#failure !== undefined || entry === undefined || staged === undefined || entry.size !== this.#bytes) {
      this.drop();
      throw this.#failure ?? new TreeError('Invalid', `${this.#path}: it did not come whole`);
    }
    this.#staged = undefined;
    return this.#writer.place(this.#path, staged, entry, expected);
  }

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
      this.drop();
    }
  }
}
