/**
 * YAML as Kubernetes reads it: every document must be what JSON could say, and plain scalars mean what
 * `yaml-scalars.ts` says. Keys that are numbers or booleans become text, as in Kubernetes.
 *
 * Stricter than Kubernetes: a key that comes twice and a tag that is not known are refused; Kubernetes passes
 * over both unless it is asked to be strict.
 */
import {
  defineMappingTag,
  defineScalarTag,
  load,
  mapTag,
  mergeTag,
  NOT_RESOLVED,
  Schema,
  seqTag,
  strTag,
  YAMLException,
} from 'js-yaml';
import { maxDocumentDepth, maxDocumentValues } from './document-bounds.ts';
import { type YamlScalar, yamlScalars } from './yaml-scalars.ts';

/** What is wrong with a text. */
export class YamlError extends Error {
  override readonly name = 'YamlError';
  /** Whether it is YAML, but more of it than is read. */
  readonly isTooLarge: boolean;
  /** Counted from 0; undefined when the fault is not in one line. */
  readonly line: number | undefined;

  constructor(message: string, options: ErrorOptions & { readonly isTooLarge?: boolean; readonly line?: number } = {}) {
    super(message, options);
    this.isTooLarge = options.isTooLarge ?? false;
    this.line = options.line;
  }
}

/** Kubernetes' bound against documents that grow without end by their aliases. */
const maxExpandedCharacters = 3 * 1024 * 1024;
/**
 * What may stand between two values, text of block scalars included. The parser needs up to 250 bytes for each
 * before anything else can be counted, and the daemon has 128 MB.
 */
const maxSeparators = 200_000;
const maxMergedKeys = 10_000;

/** Made for each text: at a start nobody may need it. */
function makeSchema(): Schema {
  const plainMapTag = defineMappingTag(mapTag.tagName, {
    ...mapTag,
    addPair: (carrier: Record<string, unknown>, key, value) =>
      key === null ? 'null cannot be a key' : mapTag.addPair(carrier, key, value),
  });
  return new Schema([strTag, seqTag, plainMapTag, ...yamlScalars.map(scalarTag), mergeTag]);
}

function scalarTag({ tag, firstCharacters, pattern, read }: YamlScalar): ReturnType<typeof defineScalarTag> {
  return defineScalarTag(tag, {
    implicit: true,
    implicitFirstChars: firstCharacters,
    resolve: (text) => (pattern.test(text) ? read(text) : NOT_RESOLVED),
    identify: () => false,
  });
}

/**
 * The value of a text that holds exactly one document. It holds nothing twice: aliases have become copies.
 *
 * @throws YamlError for text that is no YAML, for more than one document or none, for numbers that JSON does not
 *   have, and for a document that is or grows too large
 */
export function parseYaml(text: string): unknown {
  checkSeparators(text);
  let value: unknown;
  try {
    value = load(text, { schema: makeSchema(), maxDepth: maxDocumentDepth, maxTotalMergeKeys: maxMergedKeys });
  } catch (cause) {
    throw toYamlError(cause);
  }
  checkExpandedSize(value);
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function toYamlError(cause: unknown): YamlError {
  if (!(cause instanceof YAMLException)) return new YamlError(cause instanceof Error ? cause.message : String(cause));
  const line = cause.mark?.line;
  return new YamlError(cause.reason, { cause, ...(line === undefined ? {} : { line }) });
}

function checkSeparators(text: string): void {
  if (text.length <= maxSeparators) return;
  let left = maxSeparators;
  for (const _ of text.matchAll(/[\n\r,[{]|[-:?](?=[ \t])/g)) {
    if (--left < 0) throw tooLarge(`more than ${maxSeparators} lines and list items`);
  }
}

function checkExpandedSize(value: unknown): void {
  let charactersLeft = maxExpandedCharacters;
  let valuesLeft = maxDocumentValues;
  const visit = (part: unknown, depth: number): void => {
    charactersLeft -= typeof part === 'string' ? part.length + 2 : 1;
    if (--valuesLeft < 0) throw tooLarge(`more than ${maxDocumentValues} values`);
    if (charactersLeft < 0) throw tooLarge(`more than ${maxExpandedCharacters} characters`);
    // An alias inside its own anchor makes a document without end.
    if (depth > maxDocumentDepth) throw tooLarge(`nested more than ${maxDocumentDepth} deep`);
    if (typeof part !== 'object' || part === null) return;
    for (const [key, child] of Object.entries(part)) {
      charactersLeft -= key.length;
      visit(child, depth + 1);
    }
  };
  visit(value, 0);
}

function tooLarge(what: string): YamlError {
  return new YamlError(`the YAML document is too large: ${what}`, { isTooLarge: true });
}
