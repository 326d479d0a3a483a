/** Colours by their escape codes; the eight that every terminal has. */

const codes = { red: 31, green: 32, yellow: 33, cyan: 36, grey: 90 } as const;

export type Colour = keyof typeof codes;

/** `text` in a colour; as it is when `hasColours` is false. */
export function paint(text: string, colour: Colour, hasColours: boolean): string {
  return hasColours ? `\u001b[${codes[colour]}m${text}\u001b[39m` : text;
}

const prefixes: readonly { readonly pattern: RegExp; readonly colour: Colour }[] = [
  { pattern: /^(?:error:|Error from server(?: \([A-Za-z]*\))?:)/, colour: 'red' },
  { pattern: /^Warning:/, colour: 'yellow' },
];

/** A line that tells a failure or a warning, with the word that says so in colour; any other line as it is. */
export function paintPrefix(line: string, hasColours: boolean): string {
  for (const { pattern, colour } of prefixes) {
    const [prefix] = pattern.exec(line) ?? [];
    if (prefix !== undefined) return paint(prefix, colour, hasColours) + line.slice(prefix.length);
  }
  return line;
}
