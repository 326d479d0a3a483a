/**
 * Reads the protobuf wire format, field by field. Nothing is copied or allocated ahead of the
 * bytes that are really there, and every call moves forward, so hostile input ends in an error.
 */
import { isUtf8 } from 'node:buffer';
import { StatusError } from '../../lib/status-error.ts';

/** Wire types of the protobuf encoding. */
export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

export interface Tag {
  readonly field: number;
  readonly wire: number;
}

/** Groups are not used by Kubernetes; a few levels are skipped, as an unknown field may hold them. */
const maxGroupDepth = 64;

export class ProtobufReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  /** The last varint's halves, unsigned. */
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether everything has been read. */
  get done(): boolean {
    return this.#position >= this.#bytes.length;
  }

  tag(): Tag {
    this.#readVarint();
    const field = this.#low >>> 3;
    if (this.#high !== 0 || field === 0) throw malformed(`illegal tag ${field}`);
    return { field, wire: this.#low & 7 };
  }

  /** The low 32 bits, signed, as Go keeps them. */
  int32(): number {
    this.#readVarint();
    return this.#low | 0;
  }

  /** @throws StatusError `BadRequest` beyond 2^53, which JSON numbers here cannot hold */
  int64(): number {
    this.#readVarint();
    const value = (this.#high | 0) * 4_294_967_296 + this.#low;
    if (!Number.isSafeInteger(value)) throw malformed('integer beyond 2^53');
    return value;
  }

  bool(): boolean {
    this.#readVarint();
    return this.#low !== 0 || this.#high !== 0;
  }

  double(): number {
    const at = this.#advance(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, 8).getFloat64(0, true);
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    this.#readVarint();
    if (this.#high !== 0) throw malformed('negative length');
    const start = this.#advance(this.#low);
    return this.#bytes.subarray(start, this.#position);
  }

  string(): string {
    const bytes = this.bytes();
    if (!isUtf8(bytes)) throw malformed('text is not UTF-8');
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  }

  /** Passes over the value of a field that is not known. */
  skip(wire: number): void {
    let depth = 0;
    let current = wire;
    for (;;) {
      if (current === wireTypes.startGroup) depth++;
      else if (current === wireTypes.endGroup) depth--;
      else this.#skipValue(current);
      if (depth < 0 || depth > maxGroupDepth) throw malformed('unbalanced group');
      if (depth === 0) return;
      current = this.tag().wire;
    }
  }

  #skipValue(wire: number): void {
    switch (wire) {
      case wireTypes.varint:
        this.#readVarint();
        break;
      case wireTypes.fixed64:
        this.#advance(8);
        break;
      case wireTypes.bytes:
        this.bytes();
        break;
      case wireTypes.fixed32:
        this.#advance(4);
        break;
      default:
        throw malformed(`illegal wireType ${wire}`);
    }
  }

  /** Moves past `count` bytes and tells where they start. */
  #advance(count: number): number {
    const start = this.#position;
    if (count > this.#bytes.length - start) throw malformed('unexpected EOF');
    this.#position = start + count;
    return start;
  }

  #readVarint(): void {
    this.#low = 0;
    this.#high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.#position];
      if (byte === undefined) throw malformed('unexpected EOF');
      this.#position++;
      const bits = byte & 0x7f;
      if (shift < 28) this.#low |= bits << shift;
      else if (shift === 28) {
        this.#low |= bits << 28;
        this.#high |= bits >>> 4;
      } else this.#high |= bits << (shift - 32);
      if (byte < 0x80) {
        if (shift === 63 && bits > 1) break;
        this.#low >>>= 0;
        this.#high >>>= 0;
        return;
      }
    }
    throw malformed('integer overflow');
  }
}

/** The error of every malformed protobuf body. */
export function malformed(detail: string): StatusError {
  return new StatusError('BadRequest', `proto: ${detail}`);
}
