/**
 * How messages of file sync are told apart in a stream of bytes: four bytes with the length of what follows the fifth (big
 * endian), a byte with its kind, and the payload. JSON says what is to be done; data is what files hold.
 */

const frameKinds = { json: 1, data: 2 } as const;

/** Nothing longer is ever sent, and nobody has to hold more of what a liar sends. */
export const maxFrameBytes = 1024 * 1024;
/** Content of files travels in pieces of at most so many bytes. */
export const dataBytes = 256 * 1024;

const headBytes = 5;

/** A message, or a piece of the content that the message before it has announced. */
export type Frame =
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'data'; readonly bytes: Buffer };

/** That the other side does not speak as it should. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** @param message a SyncRequest or a SyncAnswer, at most `maxFrameBytes` as JSON */
export function jsonFrame(message: object): Buffer {
  return frameOf(frameKinds.json, Buffer.from(JSON.stringify(message)));
}

/** @param bytes at most `maxFrameBytes` */
export function dataFrame(bytes: Uint8Array): Buffer {
  return frameOf(frameKinds.data, bytes);
}

function frameOf(kind: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headBytes + payload.length);
  frame.writeUInt32BE(payload.length);
  frame[4] = kind;
  frame.set(payload, headBytes);
  return frame;
}

/** Cuts a stream into frames again; holds at most one that is not whole. */
export class FrameReader {
  #held: Buffer[] = [];
  #heldBytes = 0;

  /**
   * The frames that are whole with `chunk`.
   *
   * @throws FrameError when this is no frame, or one that is too long
   */
  *read(chunk: Buffer): Generator<Frame> {
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    for (;;) {
      if (this.#heldBytes < headBytes) return;
      const head = this.#start(headBytes);
      const length = head.readUInt32BE();
      const kind = head[4];
      if (length > maxFrameBytes) throw new FrameError(`a message of ${length} bytes is longer than ${maxFrameBytes}`);
      if (kind !== frameKinds.json && kind !== frameKinds.data) throw new FrameError(`no message is of kind ${kind}`);
      if (this.#heldBytes < headBytes + length) return;
      const whole = this.#start(headBytes + length);
      const payload = whole.subarray(headBytes, headBytes + length);
      this.#drop(headBytes + length);
      yield kind === frameKinds.data
        ? { kind: 'data', bytes: payload }
        : { kind: 'json', text: payload.toString('utf8') };
    }
  }

  /** The first piece, made long enough. */
  #start(bytes: number): Buffer {
    const [first = Buffer.alloc(0)] = this.#held;
    if (first.length >= bytes) return first;
    const joined = Buffer.concat(this.#held);
    this.#held = [joined];
    return joined;
  }

  #drop(bytes: number): void {
    const [first = Buffer.alloc(0), ...rest] = this.#held;
    this.#held = first.length === bytes ? rest : [first.subarray(bytes), ...rest];
    this.#heldBytes -= bytes;
  }
}
