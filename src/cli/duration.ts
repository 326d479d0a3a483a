/** Reads durations as Go writes them: `90s`, `5m`, `1h30m`, `1.5h`, `200ms`. */
import { UsageError } from './usage-error.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds; 0 for `0`.
 *
 * @param flag its name, for the message
 * @throws UsageError when it is no duration or negative
 */
export function parseDuration(text: string, flag: string): number {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    const why = /^\d+$/.test(text) ? 'missing unit in' : 'invalid';
    throw new UsageError(
      `invalid argument "${text}" for "${flag}" flag: time: ${why} duration "${text}"`,
      'for example: 30s, 5m, 1h30m',
    );
  }
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit ?? ''] ?? 0),
    0,
  );
}
