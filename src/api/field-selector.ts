/**
 * Field selectors: `status.phase!=Running,spec.nodeName=device`. A backslash takes its meaning
 * from `,`, `=` and itself. Grammar and messages are those of k8s.io/apimachinery's `fields` package;
 * which fields a kind knows is said in its description.
 */
import { StatusError } from '../lib/status-error.ts';

export interface FieldRequirement {
  /** As in `metadata.name`. */
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** @throws StatusError `BadRequest` in Kubernetes' words; the empty text selects everything */
export function parseFieldSelector(text: string): readonly FieldRequirement[] {
  return splitTerms(text)
    .filter((term) => term !== '')
    .map((term) => parseTerm(term, text));
}

/** Whether all requirements hold; `textOf` gives a field's text, empty when it is not set. */
export function matchesFields(requirements: readonly FieldRequirement[], textOf: (field: string) => string): boolean {
  return requirements.every(({ field, operator, value }) => (textOf(field) === value) === (operator === '='));
}

/** `value` as it must stand in a selector. */
export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, (character) => `\\${character}`);
}

function splitTerms(text: string): string[] {
  const terms = [''];
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === ',') {
      terms.push('');
      continue;
    }
    const length = character === '\\' ? 2 : 1;
    terms[terms.length - 1] += text.slice(at, at + length);
    at += length - 1;
  }
  return terms;
}

function parseTerm(term: string, selector: string): FieldRequirement {
  const match = /^((?:[^\\=!]|\\.|!(?!=))*?)(!=|==|=)(.*)$/s.exec(term);
  if (match === null) throw badSelector(`invalid selector: '${selector}'; can't understand '${term}'`);
  const [, field = '', operator, value = ''] = match;
  return { field, operator: operator === '!=' ? '!=' : '=', value: unescaped(value) };
}

function unescaped(value: string): string {
  let plain = '';
  for (let at = 0; at < value.length; at++) {
    const character = value.charAt(at);
    if (character === '\\') {
      const escaped = value.charAt(++at);
      if (!['\\', ',', '='].includes(escaped)) {
        throw badSelector(`invalid field selector: invalid escape sequence: \\${escaped}`);
      }
      plain += escaped;
    } else if (character === ',' || character === '=') {
      throw badSelector(`invalid field selector: unescaped character in value: ${character}`);
    } else {
      plain += character;
    }
  }
  return plain;
}

function badSelector(message: string): StatusError {
  return new StatusError('BadRequest', message);
}
