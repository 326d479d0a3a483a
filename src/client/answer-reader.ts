/**
 * One answer of HTTP/1.1 (RFC 9112), as it comes from an Eliot device: bytes in, the whole answer out.
 *
 * It takes what a server of ours sends, and refuses what is unclear instead of guessing: a body says how long it is by
 * `content-length` or is chunked; one that ends with the connection could have been cut off, and is refused.
 */

export interface WholeAnswer {
  readonly statusCode: number;
  readonly statusMessage: string;
  /** By their names in small letters; what was sent several times is joined with `, `. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** What arrived is no answer. Its `code` is the one that `node:http` gives. */
export class BadAnswer extends Error {
  override readonly name = 'BadAnswer';
  readonly code = 'HPE_INVALID_CONSTANT';
}

/** The body is larger than was allowed. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

/** As `node:http`: 16 KiB for the head; we allow the same for what follows the last chunk. */
const maxHeadBytes = 16 * 1024;
/** A length in hexadecimal digits; extensions may follow, which nobody sends. */
const maxChunkLineBytes = 256;
const newLine = '\r\n';

type Head = Pick<WholeAnswer, 'statusCode' | 'statusMessage' | 'headers'>;

/** What is expected next. */
type Stage =
  | { readonly kind: 'Head' }
  | { readonly kind: 'ChunkLine' }
  | { readonly kind: 'Trailers' }
  | { readonly kind: 'Data'; left: number; readonly isChunk: boolean }
  | { readonly kind: 'Whole' };

export class AnswerReader {
  readonly #maxBytes: number;
  #stage: Stage = { kind: 'Head' };
  #head: Head | undefined;
  /** What has arrived and was not understood yet. */
  #rest: Buffer = Buffer.alloc(0);
  readonly #body: Buffer[] = [];
  #bodyBytes = 0;

  /** @param maxBytes of the body */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that came after the answer: nobody asked for them. */
  get surplusBytes(): number {
    return this.#rest.length;
  }

  /**
   * Takes the next bytes; the answer, once it is whole.
   *
   * @throws BadAnswer, AnswerTooLarge
   */
  take(chunk: Buffer): WholeAnswer | undefined {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#stage.kind !== 'Whole') {
      if (!this.#advance(this.#stage)) return undefined;
    }
    return this.#head === undefined ? undefined : { ...this.#head, body: Buffer.concat(this.#body) };
  }

  /** Whether there was enough for one more step. */
  #advance(stage: Stage): boolean {
    switch (stage.kind) {
      case 'Head': {
        const text = this.#takeUntil(newLine + newLine, maxHeadBytes);
        if (text === undefined) return false;
        this.#takeHead(parseHead(text));
        return true;
      }
      case 'ChunkLine': {
        const line = this.#takeUntil(newLine, maxChunkLineBytes);
        if (line === undefined) return false;
        const bytes = parseChunkLine(line);
        this.#stage = bytes === 0 ? { kind: 'Trailers' } : this.#data(bytes, true);
        return true;
      }
      case 'Trailers': {
        const line = this.#takeUntil(newLine, maxHeadBytes);
        if (line === '') this.#stage = { kind: 'Whole' };
        return line !== undefined;
      }
      case 'Data':
        return this.#takeData(stage);
      case 'Whole':
        return false;
    }
  }

  #takeHead(head: Head): void {
    const { statusCode, headers } = head;
    // "Wait a little": the answer itself follows.
    if (statusCode < 200) return;
    this.#head = head;
    const length = headers.get('content-length');
    const coding = headers.get('transfer-encoding');
    if (statusCode === 204 || statusCode === 304) {
      this.#stage = { kind: 'Whole' };
    } else if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked' || length !== undefined) throw new BadAnswer('no such transfer-encoding');
      this.#stage = { kind: 'ChunkLine' };
    } else {
      if (length === undefined || !/^\d{1,15}$/.test(length)) throw new BadAnswer('an answer that tells no length');
      this.#stage = Number(length) === 0 ? { kind: 'Whole' } : this.#data(Number(length), false);
    }
  }

  #data(bytes: number, isChunk: boolean): Stage {
    this.#bodyBytes += bytes;
    if (this.#bodyBytes > this.#maxBytes) throw new AnswerTooLarge(`an answer larger than ${this.#maxBytes} bytes`);
    return { kind: 'Data', left: bytes, isChunk };
  }

  #takeData(stage: Extract<Stage, { kind: 'Data' }>): boolean {
    if (stage.left > 0) {
      if (this.#rest.length === 0) return false;
      const part = this.#rest.subarray(0, stage.left);
      this.#rest = this.#rest.subarray(part.length);
      this.#body.push(part);
      stage.left -= part.length;
      return true;
    }
    if (!stage.isChunk) {
      this.#stage = { kind: 'Whole' };
      return true;
    }
    if (this.#rest.length < newLine.length) return false;
    if (this.#takeUntil(newLine, 0) === undefined) throw new BadAnswer('a chunk longer than it said');
    this.#stage = { kind: 'ChunkLine' };
    return true;
  }

  /**
   * The text before the next `end`, which is taken as well; undefined while it has not arrived.
   *
   * @throws BadAnswer when the text is longer than `maxBytes`
   */
  #takeUntil(end: string, maxBytes: number): string | undefined {
    const at = this.#rest.indexOf(end);
    if ((at < 0 ? this.#rest.length - end.length : at) > maxBytes) throw new BadAnswer('a line that is too long');
    if (at < 0) return undefined;
    const text = this.#rest.toString('latin1', 0, at);
    this.#rest = this.#rest.subarray(at + end.length);
    return text;
  }
}

function parseHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split(newLine);
  const [, code, statusMessage = ''] = /^HTTP\/1\.1 (\d{3})(?: (.*))?$/.exec(statusLine) ?? [];
  if (code === undefined || code < '100') throw new BadAnswer('no HTTP/1.1');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ''] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined) throw new BadAnswer('a line of the head that is no header');
    const key = name.toLowerCase();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return { statusCode: Number(code), statusMessage, headers };
}

function parseChunkLine(line: string): number {
  const [, digits] = /^([0-9a-fA-F]{1,8})(?:[ \t]*;.*)?$/.exec(line) ?? [];
  if (digits === undefined) throw new BadAnswer('a chunk that tells no length');
  return Number.parseInt(digits, 16);
}
