/**
 * Writes frames to a stream: small ones together, so that ten thousand files are not ten thousand packets, and none later than
 * when there is nothing else to do. Whoever writes waits while the other side is behind; one at a time may wait.
 */
import type { Writable } from 'node:stream';

/** So much is written at once. */
const gatheredBytes = 64 * 1024;

export class FrameWriter {
  readonly #output: Writable;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #flush: NodeJS.Immediate | undefined;
  /** Told when there is room again, or when there will never be. */
  #waiters: (() => void)[] = [];

  constructor(output: Writable) {
    this.#output = output;
    const wake = (): void => {
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const waiter of waiters) waiter();
    };
    output.on('drain', wake);
    output.on('close', wake);
  }

  /** Whether nothing that is written arrives any longer. */
  get isClosed(): boolean {
    return this.#output.destroyed;
  }

  /** Resolves when there is room for more, or nobody reads any longer. */
  async write(bytes: Buffer): Promise<void> {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes < gatheredBytes) {
      this.#flush ??= setImmediate(() => this.flush());
      return;
    }
    if (this.flush() || this.isClosed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push(resolve);
    await promise;
  }

  /** Writes what is held. @returns false when the other side is behind */
  flush(): boolean {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    if (this.#heldBytes === 0 || this.isClosed) return true;
    const [first = Buffer.alloc(0)] = this.#held;
    const bytes = this.#held.length === 1 ? first : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return this.#output.write(bytes);
  }
}
