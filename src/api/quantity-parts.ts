/** The grammar of quantities: sign, digits, suffix. Bounded work, however long the text. */

/** The family of suffixes that a quantity was written with, and is printed with. */
export type QuantityFormat = 'BinarySI' | 'DecimalSI' | 'DecimalExponent';

export interface Quantity {
  /** Billionths of a unit; at most (2^63-1) * 10^9 either way. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

const formatWrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const numericWrong = 'unable to parse numeric part of quantity';
const suffixWrong = "unable to parse quantity's suffix";

const grammar = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;

/** No quantity is larger, either way. */
export const maxNanos: bigint = (2n ** 63n - 1n) * 1_000_000_000n;

/** Digits that can matter: 19 before the point, 9 after it, 18 more for the largest binary suffix. */
const maxDigits = 60;

interface Scale {
  readonly format: QuantityFormat;
  readonly multiplier: bigint;
  /** Power of ten. */
  readonly exponent: number;
}

const decimalExponents = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const binaryPowers = new Map([
  ['Ki', 1n],
  ['Mi', 2n],
  ['Gi', 3n],
  ['Ti', 4n],
  ['Pi', 5n],
  ['Ei', 6n],
]);

/** The amount that `text` names, or what is wrong with it in Kubernetes' words. */
export function parseQuantityParts(text: string): Quantity | { readonly problem: string } {
  const match = grammar.exec(text);
  if (match === null || text === '') return { problem: formatWrong };
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return { problem: /^[+-]?\./.test(text) ? numericWrong : formatWrong };
  const scale = scaleOf(suffix);
  if (scale === undefined) return { problem: suffixWrong };
  const magnitude = nanosOf(whole.replace(/^0+/, ''), fraction, scale);
  const nanos = sign === '-' ? -magnitude : magnitude;
  // A positive amount below one has no binary suffix to be printed with.
  const isTiny = scale.format === 'BinarySI' && nanos > 0n && nanos < 1_000_000_000n;
  return { nanos, format: isTiny ? 'DecimalSI' : scale.format };
}

function scaleOf(suffix: string): Scale | undefined {
  const decimal = decimalExponents.get(suffix);
  if (decimal !== undefined) return { format: 'DecimalSI', multiplier: 1n, exponent: decimal };
  const power = binaryPowers.get(suffix);
  if (power !== undefined) return { format: 'BinarySI', multiplier: 1024n ** power, exponent: 0 };
  if (!/^[eE][-+]?[0-9]+$/.test(suffix)) return undefined;
  return { format: 'DecimalExponent', multiplier: 1n, exponent: Number(suffix.slice(1)) };
}

/** Rounds up: some of a resource was asked for, so some is given. */
function nanosOf(whole: string, fraction: string, { multiplier, exponent }: Scale): bigint {
  const significant = whole === '' ? fraction.replace(/^0+/, '') : whole;
  if (!/[1-9]/.test(whole + fraction)) return 0n;
  // The position of the first digit, as a power of ten, decides both extremes without any arithmetic.
  const leading = whole === '' ? significant.length - fraction.length - 1 : whole.length - 1;
  if (leading + exponent > 40) return maxNanos;
  if (leading + exponent < -40) return 1n;

  const digits = whole + fraction;
  const kept = digits.slice(0, maxDigits + leadingZeros(digits));
  const rest = /[1-9]/.test(digits.slice(kept.length)) ? 1n : 0n;
  const shift = exponent + 9 + (digits.length - kept.length) - fraction.length;
  const mantissa = BigInt(kept) * multiplier;
  if (shift >= 0) return atMost(mantissa * 10n ** BigInt(shift));
  const divisor = 10n ** BigInt(-shift);
  const nanos = mantissa / divisor;
  return atMost(nanos * divisor === mantissa && rest === 0n ? nanos : nanos + 1n);
}

function leadingZeros(digits: string): number {
  return digits.length - digits.replace(/^0+/, '').length;
}

function atMost(nanos: bigint): bigint {
  return nanos > maxNanos ? maxNanos : nanos;
}
