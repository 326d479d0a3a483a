/**
 * The Elligator 2 map onto Curve25519 (RFC 9380 6.7.1): a number becomes the u-coordinate of a point of which nobody knows
 * how often the base point goes into it. Node has X25519 but not this map.
 *
 * Big integers do not take the same time for every number, so the map is for secrets that are used once.
 */

/** The field of Curve25519. */
const prime = 2n ** 255n - 19n;
/** Of the curve v² = u³ + A u² + u (RFC 7748 4.1). */
const curveA = 486_662n;
/** The non-square of the field that RFC 9380 takes for this curve. */
const nonSquare = 2n;

/** @param element 32 bytes, little-endian; the highest bit does not count; the answer is of the same form */
export function mapToCurve25519(element: Uint8Array): Buffer {
  const r = fromLittleEndian(element) & ((1n << 255n) - 1n);
  const v = modulo(-curveA * inverse(modulo(1n + nonSquare * modulo(r * r))));
  const u = isSquare(modulo(v * (modulo(v * v) + curveA * v + 1n))) ? v : modulo(-v - curveA);
  return toLittleEndian(u);
}

function isSquare(value: bigint): boolean {
  // Euler's criterion; zero counts as a square.
  return power(value, (prime - 1n) / 2n) <= 1n;
}

function inverse(value: bigint): bigint {
  return power(value, prime - 2n);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let bit = 254n; bit >= 0n; bit--) {
    result = modulo(result * result);
    if ((exponent >> bit) & 1n) result = modulo(result * base);
  }
  return result;
}

function modulo(value: bigint): bigint {
  const rest = value % prime;
  return rest < 0n ? rest + prime : rest;
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

function toLittleEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}
