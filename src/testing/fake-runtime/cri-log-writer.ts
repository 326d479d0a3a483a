import type { Clock } from '../../lib/clock.ts';

/** Bytes of one log line before containerd cuts it into `P` pieces. */
const maxLineBytes = 16_384;

/**
 * Writes output as containerd does: `<time> <stream> <F|P> <text>`, at each newline or every 16 KiB,
 * a carriage return before the newline dropped, an unfinished last line as `P`.
 */
export class CriLogWriter {
  readonly #clock: Clock;
  readonly #append: (text: string) => void;
  readonly #pending = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };

  constructor(clock: Clock, append: (text: string) => void) {
    this.#clock = clock;
    this.#append = append;
  }

  write(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    let rest = Buffer.concat([this.#pending[stream], chunk]);
    while (rest.length > 0) {
      const newline = rest.indexOf(10);
      const isFull = newline >= 0 && newline <= maxLineBytes;
      if (!isFull && rest.length < maxLineBytes) break;
      const end = isFull ? newline : maxLineBytes;
      const text = rest.subarray(0, isFull && rest[end - 1] === 13 ? end - 1 : end);
      this.#line(stream, isFull ? 'F' : 'P', text);
      rest = rest.subarray(isFull ? end + 1 : end);
    }
    this.#pending[stream] = rest;
  }

  /** The process has ended: what it left without a newline. */
  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#pending[stream].length > 0) this.#line(stream, 'P', this.#pending[stream]);
      this.#pending[stream] = Buffer.alloc(0);
    }
  }

  #line(stream: string, tag: 'F' | 'P', text: Buffer): void {
    const time = new Date(this.#clock.now()).toISOString().replace('Z', '000000Z');
    this.#append(`${time} ${stream} ${tag} ${text.toString('latin1')}\n`);
  }
}
