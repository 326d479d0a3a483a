/**
 * The text form of label selectors: `app=web,tier in (a,b),!old,version>3`.
 * Grammar and messages are those of k8s.io/apimachinery's `labels` package.
 */
import { isStatusError, StatusError } from '../lib/status-error.ts';
import {
  keyProblem,
  type LabelOperator,
  type LabelRequirement,
  type LabelSelector,
  makeRequirement,
} from './label-requirement.ts';

/** The operators as Kubernetes lists them in its message. */
const binaryOperators = 'in, notin, =, ==, !=, gt, lt';

/**
 * The selector that `text` means; the empty text selects everything.
 *
 * @throws StatusError `BadRequest` in Kubernetes' words
 */
export function parseLabelSelector(text: string): LabelSelector {
  try {
    return new Parser(tokensOf(text)).selector();
  } catch (cause) {
    if (!isStatusError(cause, 'Invalid')) throw cause;
    throw new StatusError('BadRequest', `unable to parse requirement: ${cause.message}`, { cause });
  }
}

interface Token {
  readonly kind: 'identifier' | 'symbol' | 'end';
  readonly text: string;
}

const tokenPattern = /\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)/gy;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const [, token = ''] of text.matchAll(tokenPattern)) {
    tokens.push({ kind: /^[=!(),<>]/.test(token) ? 'symbol' : 'identifier', text: token });
  }
  return tokens;
}

const end: Token = { kind: 'end', text: '' };

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  selector(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    if (this.#peek().kind === 'end') return requirements;
    if (!this.#startsRequirement()) throw expected(this.#peek(), "!, identifier, or 'end of string'");
    for (;;) {
      requirements.push(this.#requirement());
      const token = this.#take();
      if (token.kind === 'end') return requirements;
      if (token.text !== ',') throw expected(token, "',' or 'end of string'");
      if (!this.#startsRequirement()) throw expected(this.#peek(), "identifier after ','");
    }
  }

  #startsRequirement(): boolean {
    const token = this.#peek();
    return token.kind === 'identifier' || token.text === '!';
  }

  #requirement(): LabelRequirement {
    const negated = this.#peek().text === '!';
    if (negated) this.#take();
    const key = this.#take();
    if (key.kind !== 'identifier') throw inRequirement(`found '${key.text}', expected: identifier`);
    const problem = keyProblem(key.text);
    if (problem !== undefined) throw inRequirement(problem);
    if (negated) return makeRequirement(key.text, 'DoesNotExist', []);
    const next = this.#peek();
    if (next.kind === 'end' || next.text === ',') return makeRequirement(key.text, 'Exists', []);
    const operator = this.#operator();
    const isSet = next.kind === 'identifier';
    return makeRequirement(key.text, operator, isSet ? this.#values() : [this.#value()]);
  }

  #operator(): LabelOperator {
    const token = this.#take();
    switch (token.text) {
      case '=':
      case '==':
      case 'in':
        return 'In';
      case '!=':
      case 'notin':
        return 'NotIn';
      case '>':
        return 'Gt';
      case '<':
        return 'Lt';
      default:
        throw inRequirement(`found '${token.text}', expected: ${binaryOperators}`);
    }
  }

  /** What follows `=`; nothing at all is the empty value. */
  #value(): string {
    const next = this.#peek();
    if (next.kind === 'end' || next.text === ',') return '';
    if (next.kind !== 'identifier') throw inRequirement(`found '${next.text}', expected: identifier`);
    return this.#take().text;
  }

  /** What follows `in`; a place without a value, as in `(a,)` or `()`, is the empty value. */
  #values(): string[] {
    const open = this.#take();
    if (open.text !== '(') throw inRequirement(`found '${open.text}' expected: '('`);
    const values = new Set<string>();
    for (;;) {
      values.add(this.#peek().kind === 'identifier' ? this.#take().text : '');
      const token = this.#take();
      if (token.text === ')') return [...values].sort();
      if (token.text !== ',') throw inRequirement(`found '${token.text}', expected: ',' or ')'`);
    }
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? end;
  }

  #take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }
}

function expected(token: Token, what: string): StatusError {
  return new StatusError('BadRequest', `found '${token.text}', expected: ${what}`);
}

function inRequirement(detail: string): StatusError {
  return new StatusError('BadRequest', `unable to parse requirement: ${detail}`);
}
