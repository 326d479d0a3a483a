import { padLogTime, parseLogLine, parseLogTime } from './log-line.ts';

export interface LogOutputOptions {
  readonly timestamps: boolean;
  /** Lines before this are left out; milliseconds since the epoch. */
  readonly sinceMs: number | undefined;
  readonly limitBytes: number | undefined;
}

/**
 * Turns lines of the file into what the client sees: pieces of a long line joined, times in front of lines when asked
 * for, no more than the limit in bytes (times included, as the kubelet counts).
 */
export class LogOutput {
  readonly #options: LogOutputOptions;
  #left: number;
  #isInLine = false;

  constructor(options: LogOutputOptions) {
    this.#options = options;
    this.#left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Nothing more will be shown. */
  get isFull(): boolean {
    return this.#left <= 0;
  }

  /** What to show for these lines; lines that are not in the format are left out, as the kubelet does. */
  format(lines: Iterable<Buffer>): Buffer {
    const parts: Buffer[] = [];
    for (const raw of lines) {
      const line = parseLogLine(raw);
      if (!line) continue;
      const { sinceMs, timestamps } = this.#options;
      if (sinceMs !== undefined && parseLogTime(line.time) < sinceMs) continue;
      if (timestamps && !this.#isInLine) parts.push(Buffer.from(`${padLogTime(line.time)} `));
      parts.push(line.text);
      if (!line.isPartial) parts.push(Buffer.from('\n'));
      this.#isInLine = line.isPartial;
    }
    const output = Buffer.concat(parts);
    const shown = output.length > this.#left ? output.subarray(0, this.#left) : output;
    this.#left -= shown.length;
    return shown;
  }
}
