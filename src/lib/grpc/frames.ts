/**
 * gRPC's length-prefixed messages: one byte of flags, four bytes of length (big endian), the message.
 * Specified by gRPC over HTTP2. Compression is never asked for, so a compressed message is an error.
 */
import { StatusError } from '../status-error.ts';

const prefixBytes = 5;

/** The bytes of one message as they go into the HTTP/2 stream. */
export function encodeFrame(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  return frame;
}

/** Cuts a stream of chunks into messages. Holds at most one unfinished message. */
export class FrameReader {
  readonly #maxMessageBytes: number;
  #chunks: Buffer[] = [];
  #bufferedBytes = 0;

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Whether the bytes so far end inside a message. */
  get isInsideMessage(): boolean {
    return this.#bufferedBytes > 0;
  }

  /**
   * The messages that `chunk` completes, in order.
   *
   * @throws StatusError `InternalError` for a compressed message, or one above the limit
   */
  *push(chunk: Buffer): Generator<Buffer> {
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
    while (this.#bufferedBytes >= prefixBytes) {
      const length = this.#messageLength();
      if (this.#bufferedBytes < prefixBytes + length) return;
      const whole = this.#joined();
      const end = prefixBytes + length;
      this.#chunks = end < whole.length ? [whole.subarray(end)] : [];
      this.#bufferedBytes = whole.length - end;
      yield whole.subarray(prefixBytes, end);
    }
  }

  #messageLength(): number {
    const first = this.#chunks[0];
    const prefix = first !== undefined && first.length >= prefixBytes ? first : this.#joined();
    if (prefix[0] !== 0) throw new StatusError('InternalError', 'the server sent a compressed message');
    const length = prefix.readUInt32BE(1);
    if (length > this.#maxMessageBytes) {
      throw new StatusError(
        'InternalError',
        `the server sent a message of ${length} bytes; at most ${this.#maxMessageBytes} are taken`,
      );
    }
    return length;
  }

  /** All chunks as one; done once a message, so that a large one is copied once. */
  #joined(): Buffer {
    const [first] = this.#chunks;
    if (this.#chunks.length === 1 && first !== undefined) return first;
    const joined = Buffer.concat(this.#chunks, this.#bufferedBytes);
    this.#chunks = [joined];
    return joined;
  }
}
