/** One file whose content comes piece by piece: whole in its place at the end, or not at all. */
import type { Entry, FileEntry } from '../../lib/tree/entry.ts';
import { TreeError } from '../../lib/tree/tree-error.ts';
import type { Expected, StagedFile, TreeWriter } from '../../lib/tree/tree-writer.ts';
import type { IncomingContent } from './incoming-content.ts';

export class IncomingFile implements IncomingContent {
  readonly n: number;
  readonly path: string;
  readonly #writer: TreeWriter;
  readonly #entry: FileEntry;
  readonly #expected: Expected;
  #staged: StagedFile | undefined;
  #bytes = 0;
  #failure: unknown;

  constructor(
    writer: TreeWriter,
    { n, path, entry }: { readonly n: number; readonly path: string; readonly entry: FileEntry },
    expected: Expected,
  ) {
    this.n = n;
    this.path = path;
    this.#writer = writer;
    this.#entry = entry;
    this.#expected = expected;
    this.#try(() => {
      this.#staged = writer.stage(entry.mode);
    });
  }

  async add(bytes: Buffer): Promise<undefined> {
    this.#bytes += bytes.length;
    if (this.#failure !== undefined) return;
    this.#try(() => {
      if (this.#bytes > this.#entry.size) throw new TreeError('Invalid', `${this.path}: more came than was announced`);
      if (this.#staged !== undefined) this.#writer.write(this.#staged, bytes);
    });
  }

  finish(isWhole: boolean): Entry {
    const staged = this.#staged;
    try {
      if (this.#failure !== undefined) throw this.#failure;
      if (!isWhole || this.#bytes !== this.#entry.size || staged === undefined) {
        throw new TreeError('Invalid', `${this.path}: it did not come whole`);
      }
    } catch (error) {
      this.drop();
      throw error;
    }
    this.#staged = undefined;
    return this.#writer.place(this.path, staged, this.#entry, this.#expected);
  }

  drop(): void {
    if (this.#staged !== undefined) this.#writer.discard(this.#staged);
    this.#staged = undefined;
  }

  #try(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#failure = error;
      // A full disk has room again at once.
      this.drop();
    }
  }
}
