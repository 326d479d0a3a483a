/** One progress bar on one line: `3f5a9b2c1d0e  [=====>----]  12.3MB/30MB  4.1MB/s`. Pure. */
import { humanSize } from '../../lib/human-size.ts';
import { fitText, textWidth } from './text-width.ts';

/** How far something is. */
export interface Bar {
  /** What stands before it; bars of one activity are told apart by it. Empty: none. */
  readonly name: string;
  readonly doneBytes: number;
  /** Undefined when nobody knows: then there is no bar, but the bytes. */
  readonly totalBytes?: number | undefined;
}

export interface BarLayout {
  /** Columns of the whole line. */
  readonly width: number;
  /** Columns of the name, so that bars stand under each other. */
  readonly nameWidth: number;
  /** Undefined when it is not known, or nothing comes any longer. */
  readonly bytesPerSecond: number | undefined;
  readonly ellipsis: string;
}

const gap = '  ';
/** Of the bar between its brackets. */
const widest = 40;
const narrowest = 8;
/** The longest texts that usually come, so that nothing dances: `12.3MB/30.4MB` and `4.12MB/s`. */
const sizesWidth = 13;
const speedWidth = 8;

/**
 * The line, never wider than asked. Where there is little room the speed goes first, then the bar, then the sizes; a
 * share in percent stays.
 */
export function renderBar(bar: Bar, layout: BarLayout): string {
  const { width, nameWidth, ellipsis, bytesPerSecond } = layout;
  const name = bar.name === '' ? '' : fitText(bar.name, nameWidth, ellipsis);
  const head = name === '' ? '' : `${name}${' '.repeat(Math.max(0, nameWidth - textWidth(name)))}${gap}`;
  const speed = bytesPerSecond === undefined ? '' : `${humanSize(bytesPerSecond)}/s`;
  const room = width - textWidth(head);
  const candidates =
    bar.totalBytes === undefined ? unknownTotal(bar, speed) : knownTotal(bar, bar.totalBytes, speed, room);
  const fitting = candidates.find((candidate) => candidate.length <= room) ?? '';
  return fitText(`${head}${fitting}`.trimEnd(), width, ellipsis);
}

function unknownTotal({ doneBytes }: Bar, speed: string): readonly string[] {
  const done = humanSize(doneBytes);
  return [`${done.padStart(6)}${gap}${speed.padStart(speedWidth)}`, done];
}

/** From the most telling to the shortest. */
function knownTotal({ doneBytes }: Bar, totalBytes: number, speed: string, room: number): readonly string[] {
  const share = totalBytes === 0 ? 1 : Math.min(1, Math.max(0, doneBytes / totalBytes));
  const sizes = `${humanSize(doneBytes)}/${humanSize(totalBytes)}`.padStart(sizesWidth);
  const withBar = (tail: string): readonly string[] => {
    const length = Math.min(widest, room - tail.length - '[]'.length - gap.length);
    return length < narrowest ? [] : [`${drawBar(share, length)}${gap}${tail}`];
  };
  return [
    ...withBar(`${sizes}${gap}${speed.padStart(speedWidth)}`),
    ...withBar(sizes),
    sizes.trimStart(),
    `${Math.floor(100 * share)}%`,
  ];
}

function drawBar(share: number, length: number): string {
  const filled = Math.floor(share * length);
  const tip = filled > 0 && filled < length ? `${'='.repeat(filled - 1)}>` : '='.repeat(filled);
  return `[${tip}${'-'.repeat(length - filled)}]`;
}
