/** Cuts output into whole lines while it arrives. Works on bytes, since what programs print need not be UTF-8. */

/** A longer line goes on in the next: one that never ends must not be kept. */
const longestLineBytes = 64 * 1024;
const newline = 10;
const nothing = Buffer.alloc(0);

export class WholeLines {
  readonly #prefix: Buffer;
  /** The beginning of a line whose end has not come, as it arrived. */
  #pieces: Buffer[] = [];
  #pendingBytes = 0;

  /** @param prefix stands before every line; may be empty */
  constructor(prefix = '') {
    this.#prefix = Buffer.from(prefix);
  }

  /** Takes what has arrived; gives the lines that are whole now, each with its end. */
  push(chunk: Buffer): Buffer {
    const end = chunk.lastIndexOf(newline) + 1;
    const lines = end === 0 ? nothing : this.#prefixed(this.#take(chunk.subarray(0, end)));
    this.#keep(chunk.subarray(end));
    return this.#pendingBytes > longestLineBytes ? Buffer.concat([lines, this.#breakOff()]) : lines;
  }

  /** Nothing more arrives; gives the last line when it has no end, with one. */
  end(): Buffer {
    return this.#pendingBytes === 0 ? nothing : this.#ended(this.#take());
  }

  /** Ends the pending line here, but not inside of a character. */
  #breakOff(): Buffer {
    const long = this.#take();
    const at = long.length - brokenCharacterBytes(long);
    this.#keep(long.subarray(at));
    return this.#ended(long.subarray(0, at));
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#pendingBytes += piece.length;
  }

  /** All that is pending, and `last`; nothing is pending then. */
  #take(last: Buffer = nothing): Buffer {
    const taken = this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last]);
    this.#pieces = [];
    this.#pendingBytes = 0;
    return taken;
  }

  #ended(line: Buffer): Buffer {
    return Buffer.concat([this.#prefix, line, Buffer.from([newline])]);
  }

  #prefixed(lines: Buffer): Buffer {
    if (this.#prefix.length === 0) return lines;
    const parts: Buffer[] = [];
    for (let start = 0; start < lines.length; ) {
      const end = lines.indexOf(newline, start) + 1;
      parts.push(this.#prefix, lines.subarray(start, end));
      start = end;
    }
    return Buffer.concat(parts);
  }
}

/** Bytes at the end that begin a character of UTF-8 whose rest has not come: at most 3. */
function brokenCharacterBytes(text: Buffer): number {
  for (let back = 1; back <= Math.min(3, text.length); back++) {
    const byte = text[text.length - back] ?? 0;
    if (byte < 0x80) return 0;
    // The first byte of a character says how long it is.
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}
