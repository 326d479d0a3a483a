import { stripVTControlCharacters } from 'node:util';

/** What node:test's closing lines say. */
export interface Summary {
  readonly passed: number;
  /** Failed and cancelled. */
  readonly failed: number;
  readonly skipped: number;
}

/** Colours, which CI systems ask for with FORCE_COLOR, do not matter. */
export function parseSummary(output: string): Summary {
  const plain = stripVTControlCharacters(output);
  const count = (name: string): number => {
    const matches = [...plain.matchAll(new RegExp(`^ℹ ${name} (\\d+)$`, 'gm'))];
    return Number(matches.at(-1)?.[1] ?? 0);
  };
  return {
    passed: count('pass'),
    failed: count('fail') + count('cancelled'),
    skipped: count('skipped') + count('todo'),
  };
}
