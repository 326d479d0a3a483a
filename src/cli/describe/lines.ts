/** Collects the lines of a description: two blanks for each level, cells apart by tabs. */
import { escapeControls } from '../terminal/escape-controls.ts';

export class Lines {
  readonly #lines: string[] = [];

  /** `Name:\tweb` at a level; a value of several lines continues below its first one. */
  field(level: number, name: string, value: string | number | boolean): this {
    const [first = '', ...more] = String(value).split('\n');
    this.add(level, `${name}:\t${first}`);
    for (const line of more) this.add(0, `\t${line}`);
    return this;
  }

  /** A heading with lines below. */
  section(level: number, name: string, write: () => void): this {
    this.add(level, `${name}:`);
    write();
    return this;
  }

  /** A heading with something for each item below, or `Name:\t<none>`. */
  list<T>(level: number, name: string, items: readonly T[], write: (item: T) => void): this {
    if (items.length === 0) return this.field(level, name, '<none>');
    this.add(level, `${name}:`);
    for (const item of items) write(item);
    return this;
  }

  /** One line; what an object says in it cannot reach the terminal's controls. */
  add(level: number, text: string): this {
    this.#lines.push(`${'  '.repeat(level)}${text.split('\t').map(escapeControls).join('\t')}`);
    return this;
  }

  /** Headings, dashes below each of them (at least `minDashes`), and the rows. */
  table(level: number, headings: readonly string[], rows: readonly (readonly string[])[], minDashes = 0): this {
    this.add(level, headings.join('\t'));
    this.add(level, headings.map((heading) => dashes(heading, minDashes)).join('\t'));
    for (const row of rows) this.add(level, row.map((cell) => cell.replaceAll('\n', ' ')).join('\t'));
    return this;
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

function dashes(heading: string, minDashes: number): string {
  return heading === '' ? '' : '-'.repeat(Math.max(heading.length, minDashes));
}

/** `k=v`, one a line and in order, or `<none>`. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined, separator = '='): string {
  const entries = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return '<none>';
  return entries.map(([key, value]) => `${key}${separator}${value}`).join('\n');
}

/** Annotations without the one that repeats the manifest, as kubectl hides it. */
export function annotationsText(annotations: Readonly<Record<string, string>> | undefined): string {
  const { 'kubectl.kubernetes.io/last-applied-configuration': _hidden, ...shown } = annotations ?? {};
  const indented = Object.entries(shown).map(([key, value]): [string, string] => {
    const lines = value.trimEnd().split('\n');
    // A long value stands below its key.
    return [key, lines.length > 1 ? `\n${lines.map((line) => `  ${line}`).join('\n')}` : ` ${lines[0] ?? ''}`];
  });
  return labelsText(Object.fromEntries(indented), ':');
}
