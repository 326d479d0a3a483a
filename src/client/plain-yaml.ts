/**
 * The YAML that programs write into a kubeconfig, read without the library: nested mappings and lists, one key a line,
 * plain words as values. The library costs a command 4 ms, which is more than all else that `eli` does with the file.
 *
 * It gives what the library gives or nothing at all: whatever could be read in two ways, a person's own style and every
 * mistake are the library's.
 */

interface Line {
  readonly indent: number;
  readonly text: string;
}

const keyAndValue = /^([A-Za-z][\w.-]*):(?: (\S+))?$/;
/** Text in every YAML: nothing that could be a number, a date or punctuation. */
const plainWord = /^[A-Za-z/](?:[\w+/=.:@-]*[\w+/=.@-])?$/;
/** Words that some YAML or other takes for something else than text. */
const otherThanText = /^(?:null|true|false|yes|no|on|off|y|n)$/i;

/** What `text` says, or undefined when it is not so plain. */
export function readPlainYaml(text: string): unknown {
  const lines = splitLines(text);
  const reader = new Reader(lines);
  const value = reader.block(0);
  return reader.isAtEnd ? value : undefined;
}

function splitLines(text: string): Line[] {
  const lines = text.split('\n').filter((line) => !/^ *(?:#.*)?$/.test(line));
  return lines.map((line) => {
    const indent = line.search(/[^ ]/);
    return { indent, text: line.slice(indent) };
  });
}

/** Each method gives undefined when it meets what it does not know; the rest is then left unread. */
class Reader {
  readonly #lines: Line[];
  #next = 0;

  constructor(lines: Line[]) {
    this.#lines = lines;
  }

  get isAtEnd(): boolean {
    return this.#next === this.#lines.length;
  }

  /** The mapping or list whose lines begin in column `indent`. */
  block(indent: number): object | undefined {
    return this.#isItem(indent) ? this.#list(indent) : this.#mapping(indent);
  }

  #isItem(indent: number): boolean {
    const line = this.#lines[this.#next];
    return line?.indent === indent && line.text.startsWith('- ');
  }

  #list(indent: number): readonly unknown[] | undefined {
    const items: unknown[] = [];
    while (this.#isItem(indent)) {
      // What follows the dash stands in a block of its own.
      const text = this.#lines[this.#next]?.text ?? '';
      this.#lines[this.#next] = { indent: indent + 2, text: text.slice(2) };
      const item = this.block(indent + 2);
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }

  #mapping(indent: number): object | undefined {
    const entries = new Map<string, unknown>();
    for (;;) {
      const line = this.#lines[this.#next];
      if (line?.indent !== indent || line.text.startsWith('- ')) break;
      const [, key, word] = keyAndValue.exec(line.text) ?? [];
      if (key === undefined || entries.has(key)) return undefined;
      this.#next++;
      const value = word === undefined ? this.#nested(indent) : scalar(word);
      if (value === undefined) return undefined;
      entries.set(key, value);
    }
    return entries.size === 0 ? undefined : Object.fromEntries(entries);
  }

  /** What a key without a value on its line stands for: a block further right, or a list right below. */
  #nested(indent: number): object | undefined {
    const line = this.#lines[this.#next];
    if (line !== undefined && line.indent > indent) return this.block(line.indent);
    return this.#isItem(indent) ? this.#list(indent) : undefined;
  }
}

function scalar(word: string): unknown {
  switch (word) {
    case 'true':
      return true;
    case 'false':
      return false;
    case '{}':
      return {};
    case '[]':
      return [];
    default:
      return plainWord.test(word) && !otherThanText.test(word) ? word : undefined;
  }
}
