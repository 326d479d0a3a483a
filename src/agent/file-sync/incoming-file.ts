/** One file that a client sends as it is. */
import type { Entry, FileEntry } from '../../lib/tree/entry.ts';
import type { Expected, TreeWriter } from '../../lib/tree/tree-writer.ts';
import { notWhole, WholeFile } from '../../lib/tree/whole-file.ts';
import type { IncomingContent } from './incoming-content.ts';

export class IncomingFile implements IncomingContent {
  readonly n: number;
  readonly path: string;
  readonly #expected: Expected;
  readonly #file: WholeFile;

  constructor(
    writer: TreeWriter,
    { n, path, entry }: { readonly n: number; readonly path: string; readonly entry: FileEntry },
    expected: Expected,
  ) {
    this.n = n;
    this.path = path;
    this.#expected = expected;
    this.#file = new WholeFile(writer, path, entry, entry.mode);
  }

  async add(bytes: Buffer): Promise<undefined> {
    this.#file.add(bytes);
  }

  finish(isWhole: boolean): Entry {
    if (isWhole) return this.#file.finish(this.#expected);
    this.drop();
    throw notWhole(this.path);
  }

  drop(): void {
    this.#file.drop();
  }
}
