import { createInflate, type Inflate } from 'node:zlib';
import { spdyDictionary } from './dictionary.ts';
import { SpdyProtocolError } from './frame-parser.ts';

/** Largest header block after inflation; kubectl's are below 300 bytes. */
const maxHeaderBytes = 65_536;

/** Header names in lower case. A name that came several times has its values joined by NUL, as on the wire. */
export type SpdyHeaders = ReadonlyMap<string, string>;

/**
 * Reads the header blocks of one connection. Its compression has one state for all of them: every block must be
 * given, in order, each after the one before was answered.
 */
export class HeaderBlockReader {
  readonly #inflate: Inflate = createInflate({ dictionary: spdyDictionary });
  #output: Buffer[] = [];
  #outputBytes = 0;
  #error: Error | undefined;

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#outputBytes += chunk.length;
      if (this.#outputBytes > maxHeaderBytes) {
        this.#inflate.destroy(new SpdyProtocolError(`headers of more than ${maxHeaderBytes} bytes`));
      } else this.#output.push(chunk);
    });
    this.#inflate.on('error', (error) => {
      this.#error = error;
    });
  }

  /** @throws SpdyProtocolError when the block is not what SPDY/3 compresses, or too large */
  async read(block: Buffer): Promise<SpdyHeaders> {
    this.#output = [];
    this.#outputBytes = 0;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#inflate.off('close', done);
        resolve();
      };
      this.#inflate.once('close', done);
      this.#inflate.write(block, done);
    });
    if (this.#error) throw new SpdyProtocolError('unreadable header block', { cause: this.#error });
    return parsePairs(Buffer.concat(this.#output));
  }

  close(): void {
    this.#inflate.destroy();
  }
}

function parsePairs(bytes: Buffer): SpdyHeaders {
  const headers = new Map<string, string>();
  let offset = 0;
  const readNumber = (): number => {
    if (offset + 4 > bytes.length) throw new SpdyProtocolError('header block ends too early');
    offset += 4;
    return bytes.readUInt32BE(offset - 4);
  };
  const readText = (): string => {
    const length = readNumber();
    if (offset + length > bytes.length) throw new SpdyProtocolError('header block ends too early');
    offset += length;
    return bytes.toString('utf8', offset - length, offset);
  };
  for (let left = readNumber(); left > 0; left -= 1) {
    const name = readText().toLowerCase();
    headers.set(name, readText());
  }
  return headers;
}

/**
 * Writes header blocks without a compressor: as stored deflate blocks. Every block ends with an empty stored block;
 * without it Go's reader waits for more input (measured with kubectl).
 */
export class HeaderBlockWriter {
  #hasBegun = false;

  write(headers: SpdyHeaders): Buffer {
    const pairs = encodePairs(headers);
    const stored = Buffer.alloc(5);
    stored.writeUInt16LE(pairs.length, 1);
    stored.writeUInt16LE(~pairs.length & 0xffff, 3);
    const zlibHeader = this.#hasBegun ? [] : [Buffer.from([0x78, 0x01])];
    this.#hasBegun = true;
    return Buffer.concat([...zlibHeader, stored, pairs, Buffer.from([0, 0, 0, 0xff, 0xff])]);
  }
}

/** The uncompressed form: a count, then length-prefixed names and values. */
export function encodePairs(headers: SpdyHeaders): Buffer {
  const parts = [encodeNumber(headers.size)];
  for (const text of [...headers].flat()) parts.push(encodeNumber(Buffer.byteLength(text)), Buffer.from(text));
  return Buffer.concat(parts);
}

function encodeNumber(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
