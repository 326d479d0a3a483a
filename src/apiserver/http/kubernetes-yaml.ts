/**
 * YAML as Kubernetes reads it: every document must be what JSON could say, and numbers are those of
 * YAML 1.1 where it matters: `defaultMode: 0644` is octal.
 */
import { CORE_SCHEMA, defineScalarTag, intCoreTag, load, mergeTag, Schema } from 'js-yaml';
import { maxJsonDepth, type ParsedJson, parseJson } from '../../api/schema/json-text.ts';
import { StatusError } from '../../lib/status-error.ts';

/** Kubernetes' bound against documents that grow without end by their aliases. */
const maxExpandedCharacters = 3 * 1024 * 1024;

const integerTag = defineScalarTag(intCoreTag.tagName, {
  implicit: true,
  implicitFirstChars: intCoreTag.implicitFirstChars,
  resolve: (source, isExplicit, tagName) =>
    /^[-+]?0[0-7]+$/.test(source)
      ? Number.parseInt(source, 8)
      : (intCoreTag.resolve(source, isExplicit, tagName) as ReturnType<typeof intCoreTag.resolve>),
  identify: () => false,
});

// In the same place: the first tag that fits wins, and a number without a point also fits a float.
const schema = new Schema([...CORE_SCHEMA.tags.map((tag) => (tag === intCoreTag ? integerTag : tag)), mergeTag]);

/** @throws StatusError BadRequest for text that is no YAML, or that grows past 3 MiB by its aliases */
export function parseYaml(text: string): ParsedJson {
  let value: unknown;
  try {
    value = load(text, { schema });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StatusError('BadRequest', `the object provided is unrecognized: invalid YAML: ${why}`, { cause });
  }
  checkExpandedSize(value);
  // Through JSON, so that aliases become copies and the same bounds hold for both.
  return parseJson(JSON.stringify(value ?? null));
}

function checkExpandedSize(value: unknown): void {
  let left = maxExpandedCharacters;
  const visit = (part: unknown, depth: number): void => {
    left -= typeof part === 'string' ? part.length + 2 : 1;
    // An alias inside its own anchor makes a document without end.
    if (left < 0 || depth > maxJsonDepth) {
      throw new StatusError(
        'RequestEntityTooLarge',
        `the YAML document grows past ${maxExpandedCharacters} characters`,
      );
    }
    if (typeof part !== 'object' || part === null) return;
    for (const [key, child] of Object.entries(part)) {
      left -= key.length;
      visit(child, depth + 1);
    }
  };
  visit(value, 0);
}
