import type { PassThrough } from 'node:stream';
import { type ContainerInput, type UnreadInput, unreadInputBytes } from '../../runtime/runtime.ts';

/** The stdin of a container in memory, for whoever writes into it directly. It outlives its writers, as the kernel's does. */
export class FakeInput implements ContainerInput {
  readonly #stdin: PassThrough;
  #mark: number | undefined;

  constructor(stdin: PassThrough) {
    this.#stdin = stdin;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#unread + bytes.length > unreadInputBytes) return false;
    this.#stdin.write(Buffer.from(bytes));
    this.#mark = undefined;
    return true;
  }

  mark(number: number): void {
    this.#mark = number;
  }

  isMarked(number: number): boolean {
    return this.#mark === number;
  }

  async countUnread(): Promise<number | undefined> {
    return this.#unread;
  }

  async takeUnread(): Promise<UnreadInput> {
    const parts: Buffer[] = [];
    for (let part = this.#stdin.read(); part !== null; part = this.#stdin.read()) parts.push(part);
    const first = Buffer.concat(parts);
    return { count: first.length, wasFull: false, first };
  }

  close(): void {}

  get #unread(): number {
    return this.#stdin.readableLength + this.#stdin.writableLength;
  }
}
