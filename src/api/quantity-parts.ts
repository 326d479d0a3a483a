/** The grammar of quantities: sign, digits, suffix. Bounded work, however long the text. */

/** The family of suffixes that a quantity was written with, and is printed with. */
export type QuantityFormat = 'BinarySI' | 'DecimalSI' | 'DecimalExponent';

export interface Quantity {
  /** Billionths of a unit. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

const formatWrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const suffixWrong = "unable to parse quantity's suffix";

const grammar = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;

/** No quantity with a binary suffix is larger, either way: 2^63-1 units. */
export const maxNanos: bigint = (2n ** 63n - 1n) * 1_000_000_000n;

/** Beyond this power of ten an amount is no longer kept exactly: it is the largest, or the least, there is. */
const maxExponent = 100;

/** Digits that can matter: those before the point, nine after it, and 18 more for the largest binary suffix. */
const maxDigits = maxExponent + 30;

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
function nanosOf(whole: string, fraction: string, { format, multiplier, exponent }: Scale): bigint {
  const digits = whole + fraction;
  const first = digits.search(/[1-9]/);
  if (first < 0) return 0n;
  // The power of ten of the first digit decides both extremes without any arithmetic.
  const leading = whole.length - 1 - first + exponent;
  if (leading > maxExponent) return maxNanos;
  if (leading < -maxExponent) return 1n;

  const kept = digits.slice(first, first + maxDigits);
  const dropped = digits.slice(first + maxDigits);
  const shift = exponent + 9 + dropped.length - fraction.length;
  const nanos = scaledUp(BigInt(kept) * multiplier, shift, /[1-9]/.test(dropped));
  return format === 'BinarySI' && nanos > maxNanos ? maxNanos : nanos;
}

/** `mantissa` times ten to the power of `shift`; a remainder, also one that was cut off before, counts as one more. */
function scaledUp(mantissa: bigint, shift: number, hasRemainder: boolean): bigint {
  if (shift >= 0) return mantissa * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  const quotient = mantissa / divisor;
  return quotient * divisor === mantissa && !hasRemainder ? quotient : quotient + 1n;
}
