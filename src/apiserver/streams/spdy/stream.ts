import { Duplex } from 'node:stream';
import type { SpdyHeaders } from './header-block.ts';

/** What a stream needs of its connection. */
export interface SpdyStreamOwner {
  /** Writes data; `done` is called when the socket took it. */
  sendData(streamId: number, bytes: Buffer, fin: boolean, done: (error?: Error | null) => void): void;
  /** The stream will neither read nor write any more. */
  forget(stream: SpdyStream, isFinished: boolean): void;
}

/**
 * One stream of a SPDY connection, opened by the client. It ends when the client sent FIN; `end()` sends ours.
 * Destroying it before both ends are reached resets it.
 */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: SpdyHeaders;
  readonly #owner: SpdyStreamOwner;
  #wakeReader: (() => void) | undefined;

  constructor(id: number, headers: SpdyHeaders, owner: SpdyStreamOwner) {
    super({ allowHalfOpen: true });
    this.id = id;
    this.headers = headers;
    this.#owner = owner;
    // A reset by the client is nobody's failure; users learn of it by 'close'.
    this.on('error', () => {});
  }

  /** Hands over what came; resolves when there is room for more, at once when the stream is closed. */
  async receive(bytes: Buffer, fin: boolean): Promise<void> {
    if (this.destroyed || this.readableEnded) return;
    const hasRoom = bytes.length === 0 || this.push(bytes);
    if (fin) this.push(null);
    else if (!hasRoom) await new Promise<void>((resolve) => (this.#wakeReader = resolve));
  }

  override _read(): void {
    this.#wake();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#owner.sendData(this.id, chunk, false, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#owner.sendData(this.id, Buffer.alloc(0), true, callback);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#owner.forget(this, this.readableEnded && this.writableFinished);
    this.#wake();
    callback(error);
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }
}
