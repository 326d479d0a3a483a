const newline = 0x0a;

/** Longest line that is kept; the runtime cuts at 16 KiB of text, so more is no log. */
const maxLineBytes = 65_536;

/** Cuts blocks into lines and holds what comes after the last newline until the next block, within a bound. */
export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0);
  #isSkipping = false;

  /** The complete lines, without their newlines. */
  *split(block: Buffer): Generator<Buffer> {
    let start = 0;
    for (let end = block.indexOf(newline); end >= 0; end = block.indexOf(newline, start)) {
      const piece = block.subarray(start, end);
      start = end + 1;
      const line = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece;
      this.#rest = Buffer.alloc(0);
      if (!this.#isSkipping) yield line;
      this.#isSkipping = false;
    }
    const left = block.subarray(start);
    if (this.#isSkipping) return;
    this.#isSkipping = this.#rest.length + left.length > maxLineBytes;
    // A copy: the block's memory is used again for the next one.
    this.#rest = this.#isSkipping ? Buffer.alloc(0) : Buffer.concat([this.#rest, left]);
  }

  /** What came after the last newline; empty afterwards. */
  takeRest(): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    this.#isSkipping = false;
    return rest;
  }
}
