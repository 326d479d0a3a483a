/** A terminal's screen in memory, for what our own programs write: it understands the few codes that they use. */
import { Writable } from 'node:stream';

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what this reads
const token = /\u001b\[(\??)(\d*)([A-Za-z])|[\s\S]/gu;

export class Screen extends Writable {
  readonly isTTY = true;
  columns: number;
  rows: number;
  isCursorShown = true;
  /** Everything as it was written. */
  written = '';
  /** How many writes there were. */
  writes = 0;
  #lines: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(columns = 80, rows = 24) {
    super({ decodeStrings: false });
    this.columns = columns;
    this.rows = rows;
  }

  /** What stands there, without blanks at the end of lines and without empty lines at the end. */
  get text(): string {
    return this.#lines
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  /** Line and column of the cursor, from 0. */
  get cursor(): readonly [number, number] {
    return [this.#row, this.#column];
  }

  /** Makes the terminal narrower or wider; lines that no longer fit are broken, as terminals do it. */
  resize(columns: number, rows = this.rows): void {
    this.columns = columns;
    this.rows = rows;
    const isAtEnd = this.#row === this.#lines.length - 1;
    this.#lines = this.#lines.flatMap((line) => line.trimEnd().match(new RegExp(`.{1,${columns}}`, 'gu')) ?? ['']);
    // Our programs leave the cursor at the end of what they wrote.
    if (isAtEnd) this.#row = this.#lines.length - 1;
    this.emit('resize');
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    const text = String(chunk);
    this.written += text;
    this.writes += 1;
    for (const [whole, isPrivate, count, code] of text.matchAll(token)) {
      if (code === undefined) this.#put(whole);
      else this.#obey(isPrivate === '?', Number(count || 0), code);
    }
    done();
  }

  #put(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#newLine();
    else {
      if (this.#column >= this.columns) this.#newLine();
      const line = [...(this.#lines[this.#row] ?? '').padEnd(this.#column)];
      line[this.#column] = character;
      this.#lines[this.#row] = line.join('');
      this.#column += 1;
    }
  }

  #newLine(): void {
    this.#row += 1;
    this.#column = 0;
    if (this.#row >= this.#lines.length) this.#lines.push('');
  }

  #obey(isPrivate: boolean, count: number, code: string): void {
    if (isPrivate && count === 25) this.isCursorShown = code === 'h';
    else if (code === 'A') this.#row = Math.max(0, this.#row - Math.max(1, count));
    else if (code === 'K') this.#lines[this.#row] = (this.#lines[this.#row] ?? '').slice(0, this.#column);
    else if (code === 'J') {
      this.#lines.length = this.#row + 1;
      this.#lines[this.#row] = (this.#lines[this.#row] ?? '').slice(0, this.#column);
    } else if (code !== 'm') throw new Error(`the screen does not know the code ${code}`);
  }
}
