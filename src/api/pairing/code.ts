/**
 * The code that is shown at a device and typed at a laptop: eight letters and digits, 40 random bits. It is read aloud and
 * typed from a screen across the room, so there is no letter that looks like a digit (Crockford's base 32).
 */

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
/** What people read for what was written. */
const lookalikes: Readonly<Record<string, string>> = { o: '0', i: '1', l: '1' };

/** Random bytes of which a code is made: 40 bits. */
export const codeEntropyBytes = 5;
const codeLength = (codeEntropyBytes * 8) / 5;

/** A code as the exchange uses it, of exactly `codeEntropyBytes` random bytes: `k7m4x2qp`. */
export function codeOf(entropy: Uint8Array): string {
  const bits = [...entropy].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => alphabet[Number.parseInt(five, 2)]).join('');
}

/** As it is shown: `k7m4-x2qp`. */
export function showCode(code: string): string {
  return `${code.slice(0, codeLength / 2)}-${code.slice(codeLength / 2)}`;
}

/** What a person typed, as the exchange uses it; undefined when it can be no code. */
export function readCode(typed: string): string | undefined {
  const letters = [...typed.toLowerCase().replaceAll(/[\s-]/g, '')].map((letter) => lookalikes[letter] ?? letter);
  const isCode = letters.length === codeLength && letters.every((letter) => alphabet.includes(letter));
  return isCode ? letters.join('') : undefined;
}
