/**
 * The last lines of a terminal, drawn again and again in place.
 *
 * Each drawing is one write, and between two the cursor stands, visible, at the begin of the line under the area. So
 * nothing has to be restored: however the program ends or is held (Ctrl-Z, kill -9), the shell's prompt comes under what
 * was drawn last.
 */
import type { OutputStream } from '../io.ts';
import { textWidth } from './text-width.ts';

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
const eraseToLineEnd = '\u001b[K';
const eraseBelow = '\u001b[J';
// biome-ignore lint/suspicious/noControlCharactersInRegex: the codes that we write ourselves
const colourCode = /\u001b\[\d+m/g;

export class LiveArea {
  readonly #stderr: OutputStream;
  /** Columns of each line as it was drawn. */
  #drawn: readonly number[] = [];
  /** What `columns` was then. */
  #drawnColumns = 0;

  constructor(stderr: OutputStream) {
    this.#stderr = stderr;
  }

  /** Columns that a line may have: one less than the terminal, as a full line may or may not wrap. */
  get columns(): number {
    return Math.max(1, (this.#stderr.columns || 80) - 1);
  }

  /** Lines that fit above the cursor. */
  get rows(): number {
    return Math.max(1, (this.#stderr.rows || 24) - 1);
  }

  /** Draws lines, none wider than `columns` and no more than `rows`, in place of those before. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}${eraseToLineEnd}\n`).join('');
    // A terminal remembers which lines it has broken, and would join ours like them when it becomes wider again.
    const clean = this.columns === this.#drawnColumns ? '' : eraseBelow;
    this.#stderr.write(`${hideCursor}${this.#toBegin()}${clean}${text}${eraseBelow}${showCursor}`);
    this.#drawnColumns = this.columns;
    this.#drawn = lines.map((line) => textWidth(line.replace(colourCode, '')));
  }

  /** Takes the lines away: what is written next stands where they began. */
  erase(): void {
    if (this.#drawn.length === 0) return;
    this.#stderr.write(`${this.#toBegin()}${eraseBelow}`);
    this.#drawn = [];
  }

  /** Terminals break lines anew when they become narrower: what was one line may be several. */
  #toBegin(): string {
    const columns = this.#stderr.columns || 80;
    const rows = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return rows === 0 ? '\r' : `\r\u001b[${rows}A`;
  }
}
