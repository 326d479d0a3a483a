/** Writes to another stream line by line, each with the name of its device before it: lines of several never mix. */

import { Writable } from 'node:stream';
import { write } from '../output.ts';
import { WholeLines } from '../whole-lines.ts';

export class LinePrefix extends Writable {
  readonly isTTY = false;
  readonly #to: Writable;
  readonly #lines: WholeLines;

  /** @param prefix `[kitchen] ` */
  constructor(to: Writable, prefix: string) {
    super();
    this.#to = to;
    this.#lines = new WholeLines(prefix);
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    write(this.#to, this.#lines.push(chunk)).then(() => done(), done);
  }

  /** The last line may have no end. */
  override _final(done: (error?: Error) => void): void {
    write(this.#to, this.#lines.end()).then(() => done(), done);
  }
}
