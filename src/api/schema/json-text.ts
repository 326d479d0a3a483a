/**
 * JSON text to value, with what JSON.parse does not tell: keys that come twice in one object.
 * Depth and the number of values are bounded before anything is built, so that no later recursion can overflow
 * the stack, and no small text can take all memory.
 */
import { maxDocumentDepth } from '../../lib/document-bounds.ts';
import { StatusError } from '../../lib/status-error.ts';
import { ValueBudget } from './value-budget.ts';

/** Kubernetes stops listing strict decoding errors here. */
const maxDuplicates = 100;

export interface ParsedJson {
  readonly value: unknown;
  /** Paths as in `spec.containers[0].image`; the caller says `duplicate field "…"`. */
  readonly duplicateFields: readonly string[];
}

/** @throws StatusError `BadRequest` for text that is no JSON, or nested too deeply; RequestEntityTooLarge for too many values */
export function parseJson(text: string): ParsedJson {
  const duplicateFields = findDuplicateFields(text);
  try {
    return { value: JSON.parse(text) as unknown, duplicateFields };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new StatusError('BadRequest', `the object provided is unrecognized: invalid JSON: ${detail}`, { cause });
  }
}

/** An object or array that is open at the point of the scan. */
interface Open {
  /** Keys seen so far; undefined for an array. */
  readonly keys: Set<string> | undefined;
  key: string;
  index: number;
}

/**
 * Paths of the keys that come again in their object, at most 100. One pass; text that is no
 * JSON gives an arbitrary answer, never an endless one.
 *
 * @throws StatusError `BadRequest` when nested more than `maxDocumentDepth` deep, RequestEntityTooLarge past
 *   `maxDocumentValues`
 */
export function findDuplicateFields(text: string): string[] {
  const duplicates: string[] = [];
  const open: Open[] = [];
  // Each value but the first follows a comma or opens what it stands in.
  const budget = new ValueBudget();
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: {
        const end = endOfString(text, at);
        const top = open.at(-1);
        if (top?.keys !== undefined && isKey(text, end)) enterKey(text.slice(at, end), top, open, duplicates);
        at = end - 1;
        break;
      }
      case 0x7b:
        budget.take();
        open.push({ keys: new Set(), key: '', index: 0 });
        break;
      case 0x5b:
        budget.take();
        open.push({ keys: undefined, key: '', index: 0 });
        break;
      case 0x7d:
      case 0x5d:
        open.pop();
        break;
      case 0x2c: {
        budget.take();
        const top = open.at(-1);
        if (top !== undefined) top.index++;
        break;
      }
    }
    if (open.length > maxDocumentDepth) throw new StatusError('BadRequest', 'json: exceeded max depth');
  }
  return duplicates;
}

/** Position after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function isKey(text: string, end: number): boolean {
  for (let at = end; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x3a) return true;
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return false;
  }
  return false;
}

function enterKey(quoted: string, top: Open, open: readonly Open[], duplicates: string[]): void {
  top.key = unquote(quoted);
  if (top.keys?.has(top.key) === true && duplicates.length < maxDuplicates) {
    const path = pathOf(open);
    if (!duplicates.includes(path)) duplicates.push(path);
  }
  top.keys?.add(top.key);
}

/** Two spellings of one key (`\u0061` and `a`) are one key. */
function unquote(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}

function pathOf(open: readonly Open[]): string {
  let path = '';
  for (const { keys, key, index } of open) {
    if (keys === undefined) path += `[${index}]`;
    else path += path === '' ? key : `.${key}`;
  }
  return path;
}
