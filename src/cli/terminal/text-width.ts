/**
 * How many columns a text takes on a terminal. An approximation of Unicode's East Asian Width (UAX #11) that the regular
 * expressions of the language can tell: letters of East Asia and pictures take two columns, marks on letters none.
 */

const ascii = /^[ -~]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not reach a terminal
const control = /[\u0000-\u001f\u007f-\u009f]/g;

/** Columns of one line without control characters. */
export function textWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** `text` on one line of at most `width` columns, `ellipsis` at its end when some is left out; never an escape code. */
export function fitText(text: string, width: number, ellipsis: string): string {
  const line = text.replace(control, '?');
  if (textWidth(line) <= width) return line;
  let fitted = '';
  let taken = 0;
  for (const character of line) {
    taken += characterWidth(character);
    if (taken > width - 1) break;
    fitted += character;
  }
  return width > 0 ? `${fitted}${ellipsis}` : '';
}

function characterWidth(character: string): number {
  if (ascii.test(character)) return 1;
  // Made here, when they are needed: to make them takes a millisecond of every start.
  if (/^(?:\p{Mark}|\p{Default_Ignorable_Code_Point})$/u.test(character)) return 0;
  return /^(?:\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[\u3000-\u303f\uff01-\uff60])$/u.test(
    character,
  )
    ? 2
    : 1;
}
