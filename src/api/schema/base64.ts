/** Standard base64 as Go's `encoding/base64` reads it: padding demanded, line breaks ignored. */

export type Base64 =
  | { readonly canonical: string }
  /** Offset of the first character that cannot be read. */
  | { readonly illegalAt: number };

const alphabet = /^[A-Za-z0-9+/]$/;

/** The text in its canonical form, without line breaks, or where it stops being base64. */
export function readBase64(text: string): Base64 {
  const clean = text.replace(/[\r\n]/g, '');
  const canonical = Buffer.from(clean, 'base64').toString('base64');
  // Node passes over what it cannot read; nothing was passed over if the way back gives the same text.
  if (canonical === clean || hasForm(clean)) return { canonical };
  return { illegalAt: illegalOffset(text) };
}

/** Also true when the bits that padding leaves over are not zero, which Go accepts. */
function hasForm(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

/** Follows Go's decoder: a group of four that ends too early is reported at its first character. */
function illegalOffset(text: string): number {
  let groupStart = 0;
  let inGroup = 0;
  for (let offset = 0; offset < text.length; offset++) {
    const character = text[offset] ?? '';
    if (character === '\n' || character === '\r') continue;
    if (inGroup === 0) groupStart = offset;
    if (alphabet.test(character)) {
      inGroup = (inGroup + 1) % 4;
      continue;
    }
    if (character !== '=' || inGroup < 2) return offset;
    return endOfPadding(text, offset, inGroup);
  }
  return groupStart;
}

function endOfPadding(text: string, firstPadding: number, inGroup: number): number {
  let offset = firstPadding + 1;
  const skipBreaks = (): void => {
    while (text[offset] === '\n' || text[offset] === '\r') offset++;
  };
  skipBreaks();
  if (inGroup === 2) {
    if (text[offset] !== '=') return offset >= text.length ? text.length : firstPadding;
    offset++;
    skipBreaks();
  }
  return offset;
}
