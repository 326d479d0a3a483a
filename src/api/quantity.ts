/**
 * Kubernetes quantities (`500m`, `1Gi`, `2e3`), exactly.
 *
 * The amount is a whole number of nano-units: finer parts are rounded away from zero, and one with
 * a binary suffix never exceeds 2^63-1 units. Grammar and canonical text are those of
 * k8s.io/apimachinery's `resource.Quantity`.
 */
import { StatusError } from '../lib/status-error.ts';
import { maxNanos, parseQuantityParts, type Quantity } from './quantity-parts.ts';

export type { Quantity } from './quantity-parts.ts';

const nanosPerUnit = 1_000_000_000n;

/** @throws StatusError `BadRequest` in Kubernetes' words when the text is no quantity */
export function parseQuantity(text: string): Quantity {
  const parts = parseQuantityParts(text);
  if ('problem' in parts) throw new StatusError('BadRequest', parts.problem);
  return parts;
}

/** The canonical text of `text`, or what is wrong with it in Kubernetes' words. */
export function canonicalQuantity(text: string): { readonly text: string } | { readonly problem: string } {
  const parts = parseQuantityParts(text);
  return 'problem' in parts ? parts : { text: formatQuantity(parts) };
}

/** The canonical text: the largest suffix of its family that leaves a whole number. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0';
  const units = nanos / nanosPerUnit;
  const isWhole = units * nanosPerUnit === nanos;
  // Below 1024 a binary suffix cannot be used, and with a fraction it would lose precision.
  if (format === 'BinarySI' && isWhole && (units >= 1024n || units <= -1024n)) return formatBinary(units);
  return formatDecimal(nanos, format === 'DecimalExponent');
}

/** Negative, zero or positive, as `left` is less than, equal to or more than `right`. */
export function compareQuantities(left: Quantity, right: Quantity): number {
  return left.nanos < right.nanos ? -1 : left.nanos > right.nanos ? 1 : 0;
}

/** The sum, in the format of `left` unless that is zero; capped as when it is read. */
export function addQuantities(left: Quantity, right: Quantity): Quantity {
  const format = left.nanos === 0n ? right.format : left.format;
  const nanos = left.nanos + right.nanos;
  return { nanos: format === 'BinarySI' ? capped(nanos) : nanos, format };
}

/** Thousandths of a unit (milli-CPUs), rounded away from zero; may be inexact past 2^53. */
export function milliValueOf(quantity: Quantity): number {
  return Number(dividedUp(quantity.nanos, 1_000_000n));
}

/** Whole units (bytes), rounded away from zero; may be inexact past 2^53. */
export function integerValueOf(quantity: Quantity): number {
  return Number(dividedUp(quantity.nanos, nanosPerUnit));
}

function capped(nanos: bigint): bigint {
  if (nanos > maxNanos) return maxNanos;
  return nanos < -maxNanos ? -maxNanos : nanos;
}

function dividedUp(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  if (quotient * divisor === dividend) return quotient;
  return dividend < 0n ? quotient - 1n : quotient + 1n;
}

const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;

function formatBinary(units: bigint): string {
  let mantissa = units;
  let power = 0;
  while (power < binarySuffixes.length - 1 && mantissa % 1024n === 0n) {
    mantissa /= 1024n;
    power++;
  }
  return `${mantissa}${binarySuffixes[power]}`;
}

const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const;

function formatDecimal(nanos: bigint, asExponent: boolean): string {
  const lastStep = asExponent ? Infinity : decimalSuffixes.length - 1;
  let mantissa = nanos;
  let step = 0;
  while (step < lastStep && mantissa % 1000n === 0n) {
    mantissa /= 1000n;
    step++;
  }
  if (!asExponent) return `${mantissa}${decimalSuffixes[step]}`;
  const exponent = (step - 3) * 3;
  return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
}
