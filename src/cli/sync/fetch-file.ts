/** Brings one file from the device. */
import type { Entry, FileEntry } from '../../lib/tree/entry.ts';
import type { Expected, TreeWriter } from '../../lib/tree/tree-writer.ts';
import { notWhole, WholeFile } from '../../lib/tree/whole-file.ts';
import type { ContentSink } from './remote-tree.ts';

/** Nobody but its owner reads it until it has the permissions that it is to have. */
const stagedMode = 0o600;

/** A file on its way to its place here. What goes wrong is kept until it is asked for. */
export class FetchedFile implements ContentSink {
  readonly #path: string;
  readonly #writer: TreeWriter;
  #file: WholeFile | undefined;

  constructor(path: string, writer: TreeWriter) {
    this.#path = path;
    this.#writer = writer;
  }

  begin(entry: FileEntry): void {
    this.drop();
    this.#file = new WholeFile(this.#writer, this.#path, entry, stagedMode);
  }

  add(bytes: Buffer): void {
    this.#file?.add(bytes);
  }

  /**
   * Puts it in its place.
   *
   * @param expected what must be there still; else it is left as it is
   * @throws TreeError NoSpace, Changed, …; nothing has changed then
   */
  finish(expected: Expected): Entry {
    if (this.#file === undefined) throw notWhole(this.#path);
    return this.#file.finish(expected);
  }

  drop(): void {
    this.#file?.drop();
  }
}
