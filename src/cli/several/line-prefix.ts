/** Writes to another stream line by line, each with the name of its device before it: lines of several never mix. */

import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { write } from '../output.ts';

/** A longer line goes on in the next. */
const longestLine = 64 * 1024;

export class LinePrefix extends Writable {
  readonly isTTY = false;
  readonly #to: Writable;
  readonly #prefix: string;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  /** @param prefix `[kitchen] ` */
  constructor(to: Writable, prefix: string) {
    super();
    this.#to = to;
    this.#prefix = prefix;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    const lines = `${this.#rest}${this.#decoder.write(chunk)}`.split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > longestLine) {
      lines.push(this.#rest);
      this.#rest = '';
    }
    this.#print(lines).then(() => done(), done);
  }

  /** The last line may have no end. */
  override _final(done: (error?: Error) => void): void {
    const last = `${this.#rest}${this.#decoder.end()}`;
    this.#print(last === '' ? [] : [last]).then(() => done(), done);
  }

  #print(lines: readonly string[]): Promise<void> {
    return write(this.#to, lines.map((line) => `${this.#prefix}${line}\n`).join(''));
  }
}
