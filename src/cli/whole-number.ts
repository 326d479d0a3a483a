import { UsageError } from './usage-error.ts';

/**
 * The value of a flag that takes a whole number. An empty text is a variable that was not set, and no number.
 *
 * @throws UsageError in the words of kubectl
 */
export function wholeNumber(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw new UsageError(`invalid argument "${text}" for "${flag}" flag: invalid syntax`);
  return Number(text);
}
