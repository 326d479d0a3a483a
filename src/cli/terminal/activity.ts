/** Something that takes its time: what is said of it, and how far it is. */
import { type Bar, renderBar } from './progress-bar.ts';
import { Rate } from './rate.ts';
import { fitText, textWidth } from './text-width.ts';

export interface Frame {
  /** One column, with its colour. */
  readonly spinner: string;
  readonly columns: number;
  readonly nowMs: number;
  readonly ellipsis: string;
}

/** What says little (`waiting for the device`) gives way to anything that says more. */
export type ActivityShown = 'always' | 'when nothing else is';

interface ActivityOptions {
  readonly text: string;
  readonly shown: ActivityShown;
  readonly visibleAtMs: number;
  readonly onEnd: () => void;
}

const indent = '  ';
const barIndent = '    ';

export class Activity {
  /** By the monotonic clock: what ends sooner is never shown. */
  readonly visibleAtMs: number;
  readonly shown: ActivityShown;
  readonly #onEnd: () => void;
  readonly #rates = new Map<string, Rate>();
  #text: string;
  #bars: readonly Bar[] = [];

  constructor({ text, shown, visibleAtMs, onEnd }: ActivityOptions) {
    this.#text = text;
    this.shown = shown;
    this.visibleAtMs = visibleAtMs;
    this.#onEnd = onEnd;
  }

  get text(): string {
    return this.#text;
  }

  /** What is done now. A single bar without a name stands on the line of the text, others under it, one a line. */
  show(text: string, bars: readonly Bar[] = []): void {
    this.#text = text;
    this.#bars = bars;
  }

  /** What is done now, with one bar. @param totalBytes undefined, or no number, while nobody knows */
  showBytes(text: string, doneBytes: number, totalBytes?: number): void {
    const isKnown = totalBytes !== undefined && Number.isFinite(totalBytes);
    this.show(text, [{ name: '', doneBytes, totalBytes: isKnown ? totalBytes : undefined }]);
  }

  /** Takes it away; more than once does nothing. */
  end(): void {
    this.#onEnd();
  }

  /** Its lines, none wider than the frame. */
  render({ spinner, columns, nowMs, ellipsis }: Frame): readonly string[] {
    const room = columns - indent.length - '⠋ '.length;
    // What narrow terminals cannot hold is not worth a line that wraps.
    if (room <= 0) return [];
    const head = `${indent}${spinner} `;
    const [bar] = this.#bars;
    if (bar !== undefined && this.#bars.length === 1 && bar.name === '') {
      const text = fitText(this.#text, Math.max(Math.floor(room / 2), room - widestBar), ellipsis);
      const width = room - textWidth(text) - indent.length;
      return [`${head}${text}${indent}${this.#render(bar, width, 0, nowMs, ellipsis)}`];
    }
    const nameWidth = Math.max(0, ...this.#bars.map(({ name }) => textWidth(name)));
    return [
      `${head}${fitText(this.#text, room, ellipsis)}`,
      ...this.#bars.map(
        (one) => `${barIndent}${this.#render(one, columns - barIndent.length, nameWidth, nowMs, ellipsis)}`,
      ),
    ];
  }

  #render(bar: Bar, width: number, nameWidth: number, nowMs: number, ellipsis: string): string {
    const rate = this.#rates.get(bar.name) ?? new Rate();
    this.#rates.set(bar.name, rate);
    const measured = rate.take(nowMs, bar.doneBytes);
    const isDone = bar.totalBytes !== undefined && bar.doneBytes >= bar.totalBytes;
    return renderBar(bar, { width, nameWidth, ellipsis, bytesPerSecond: isDone ? undefined : measured });
  }
}

/** Columns that a bar with all its words takes. */
const widestBar = 67;
