/** Takes from a stream of pieces as many bytes as are wanted. Never holds more than one piece of it. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  /** What has come and was not taken yet. */
  #held: Uint8Array = new Uint8Array(0);
  #readBytes = 0;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#source = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** Bytes that were taken so far. */
  get readBytes(): number {
    return this.#readBytes;
  }

  /** Between one and `maxBytes` bytes, as they come; empty at the end. Good until the next ones are asked for. */
  async readSome(maxBytes: number): Promise<Uint8Array> {
    while (this.#held.length === 0) {
      if (this.#ended) return this.#held;
      const next = await this.#source.next();
      if (next.done) this.#ended = true;
      else this.#held = next.value;
    }
    const taken = this.#held.subarray(0, maxBytes);
    this.#held = this.#held.subarray(taken.length);
    this.#readBytes += taken.length;
    return taken;
  }

  /** So many bytes, the caller's own; fewer only at the end. All are held at once: for small lengths. */
  async read(bytes: number): Promise<Buffer> {
    const taken: Uint8Array[] = [];
    for (let leftBytes = bytes; leftBytes > 0; ) {
      const piece = await this.readSome(leftBytes);
      if (piece.length === 0) break;
      taken.push(piece);
      leftBytes -= piece.length;
    }
    return Buffer.concat(taken);
  }

  /** So many bytes piece by piece, fewer only at the end. A piece is good until the next one is asked for. */
  async *stream(bytes: number): AsyncGenerator<Uint8Array> {
    for (let leftBytes = bytes; leftBytes > 0; ) {
      const piece = await this.readSome(leftBytes);
      if (piece.length === 0) return;
      leftBytes -= piece.length;
      yield piece;
    }
  }

  /** Passes over so many bytes, fewer only at the end. @returns how many there were */
  async skip(bytes: number): Promise<number> {
    const start = this.#readBytes;
    for await (const _piece of this.stream(bytes));
    return this.#readBytes - start;
  }

  /** Tells the source that nobody reads on; nothing more comes then. */
  async close(): Promise<void> {
    this.#ended = true;
    this.#held = new Uint8Array(0);
    await this.#source.return?.();
  }
}
