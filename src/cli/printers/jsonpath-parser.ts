/**
 * Reads kubectl's JSONPath templates: text with `{…}` blocks that hold a path, a quoted string,
 * `range PATH` or `end`. Source of the dialect: Kubernetes' documentation of JSONPath support.
 */
import { UsageError } from '../usage-error.ts';

export type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'fields'; readonly names: readonly string[] }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'descend' }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[] }
  | { readonly kind: 'slice'; readonly start?: number; readonly end?: number; readonly step: number }
  | { readonly kind: 'filter'; readonly filter: Filter };

export interface Path {
  /** `$` begins at the whole value, everything else at the present one. */
  readonly fromRoot: boolean;
  readonly steps: readonly Step[];
}

export type Operand =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null };

export interface Filter {
  readonly left: Operand;
  /** Left out: whether `left` exists. */
  readonly operator?: '==' | '!=' | '<' | '<=' | '>' | '>=';
  readonly right?: Operand;
}

export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'range'; readonly path: Path; readonly body: readonly TemplateNode[] };

/**
 * The template as a tree. Text without any brace is one path, as in custom-columns: `.metadata.name`.
 *
 * @throws UsageError that says where and why it cannot be read
 */
export function parseTemplate(template: string): readonly TemplateNode[] {
  if (!template.includes('{')) return [{ kind: 'path', path: parsePath(template) }];
  const open: { readonly path: Path; readonly body: TemplateNode[] }[] = [];
  const top: TemplateNode[] = [];
  const body = (): TemplateNode[] => open.at(-1)?.body ?? top;
  let at = 0;
  while (at < template.length) {
    const brace = template.indexOf('{', at);
    if (brace !== at) body().push({ kind: 'text', text: template.slice(at, brace < 0 ? undefined : brace) });
    if (brace < 0) break;
    const end = endOfBlock(template, brace + 1);
    const block = template.slice(brace + 1, end).trim();
    at = end + 1;
    if (block === '') continue;
    if (block === 'end') {
      const range = open.pop();
      if (range === undefined) throw bad(template, '{end} without {range}');
      body().push({ kind: 'range', ...range });
    } else if (/^range\s/.test(block)) {
      open.push({ path: parsePath(block.slice('range'.length)), body: [] });
    } else if (/^["']/.test(block)) {
      body().push({ kind: 'text', text: unquote(block) });
    } else {
      body().push({ kind: 'path', path: parsePath(block) });
    }
  }
  if (open.length > 0) throw bad(template, '{range} without {end}');
  return top;
}

/**
 * A path such as `.items[*].metadata.name`, `$.kind`, `@.x`, `..image`; braces around it and a missing
 * first dot are accepted.
 */
export function parsePath(text: string): Path {
  const trimmed = text
    .trim()
    .replace(/^\{(.*)\}$/s, '$1')
    .trim();
  const parser = new PathParser(trimmed);
  const path = parser.path(true);
  if (!parser.atEnd) throw bad(text, `unexpected "${parser.rest}"`);
  return path;
}

class PathParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  get rest(): string {
    return this.#text.slice(this.#at);
  }

  path(bareName: boolean): Path {
    const fromRoot = this.#take('$');
    if (!fromRoot) this.#take('@');
    const steps: Step[] = [];
    if (bareName && /^[\w-]/.test(this.rest)) steps.push(this.#field());
    while (!this.atEnd) {
      if (this.#take('..')) {
        steps.push({ kind: 'descend' });
        if (this.#take('*')) steps.push({ kind: 'wildcard' });
        else if (!this.rest.startsWith('[')) steps.push(this.#field());
      } else if (this.#take('.')) {
        if (this.#take('*')) steps.push({ kind: 'wildcard' });
        // A lone dot is the value itself; so is the one before a bracket.
        else if (!this.atEnd && !/^[[\s)=!<>]/.test(this.rest)) steps.push(this.#field());
      } else if (this.#take('[')) {
        steps.push(this.#bracket());
      } else {
        break;
      }
    }
    return { fromRoot, steps };
  }

  #field(): Step {
    const match = /^(?:\\.|[^.[\]\s(){}=!<>,\\])+/.exec(this.rest);
    if (match === null) throw bad(this.#text, `a name is expected at "${this.rest}"`);
    this.#at += match[0].length;
    return { kind: 'field', name: match[0].replace(/\\(.)/g, '$1') };
  }

  #bracket(): Step {
    this.#blanks();
    if (this.#take('?(')) return this.#filter();
    const inside = this.#untilBracket();
    if (inside === '*') return { kind: 'wildcard' };
    if (/^["']/.test(inside)) return { kind: 'fields', names: splitUnion(inside).map(unquote) };
    if (/^-?\d+(\s*,\s*-?\d+)*$/.test(inside)) return { kind: 'indexes', indexes: inside.split(',').map(Number) };
    const slice = /^(-?\d+)?:(-?\d+)?(?::(-?\d+))?$/.exec(inside);
    if (slice === null) throw bad(this.#text, `cannot read "[${inside}]"`);
    const [, start, end, step] = slice;
    return {
      kind: 'slice',
      ...(start === undefined ? {} : { start: Number(start) }),
      ...(end === undefined ? {} : { end: Number(end) }),
      step: Number(step ?? 1),
    };
  }

  #filter(): Step {
    const left = this.#operand();
    this.#blanks();
    const operator = /^(==|!=|<=|>=|<|>)/.exec(this.rest)?.[1] as Filter['operator'];
    if (operator === undefined) {
      this.#expect(')]');
      return { kind: 'filter', filter: { left } };
    }
    this.#at += operator.length;
    const right = this.#operand();
    this.#blanks();
    this.#expect(')]');
    return { kind: 'filter', filter: { left, operator, right } };
  }

  #operand(): Operand {
    this.#blanks();
    const quoted = /^("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')/.exec(this.rest)?.[0];
    if (quoted !== undefined) {
      this.#at += quoted.length;
      return { kind: 'literal', value: unquote(quoted) };
    }
    const word = /^(-?\d+(?:\.\d+)?|true|false|null)(?=[\s)=!<>])/.exec(this.rest)?.[0];
    if (word !== undefined) {
      this.#at += word.length;
      return { kind: 'literal', value: JSON.parse(word) as number | boolean | null };
    }
    if (!/^[@$.]/.test(this.rest)) throw bad(this.#text, `a filter needs "@.field" or a value at "${this.rest}"`);
    return { kind: 'path', path: this.path(false) };
  }

  #untilBracket(): string {
    const match = /^((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\]"'])*)\]/.exec(this.rest);
    if (match === null) throw bad(this.#text, 'a "]" is missing');
    this.#at += match[0].length;
    return (match[1] ?? '').trim();
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw bad(this.#text, `"${token}" is expected at "${this.rest}"`);
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #blanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }
}

/** Index of the `}` that ends a block; one inside quotes does not. */
function endOfBlock(template: string, from: number): number {
  let quote: string | undefined;
  for (let at = from; at < template.length; at++) {
    const character = template[at];
    if (character === '\\') at++;
    else if (quote !== undefined) quote = character === quote ? undefined : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === '}') return at;
  }
  throw bad(template, 'a "}" is missing');
}

function splitUnion(text: string): readonly string[] {
  return text.match(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g) ?? [];
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function unquote(text: string): string {
  if (text.length < 2 || text.at(-1) !== text[0]) throw bad(text, 'a quote is missing');
  return text.slice(1, -1).replace(/\\(.)/gs, (_all, character: string) => escapes[character] ?? character);
}

function bad(text: string, why: string): UsageError {
  return new UsageError(
    `cannot read the jsonpath ${text.trim()}: ${why}`,
    `for example: -o jsonpath='{.items[*].metadata.name}'`,
  );
}
