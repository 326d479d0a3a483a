/**
 * How the package `yaml`, which knows lines and columns, is made to read what Kubernetes reads. The daemon reads
 * by `lib/kubernetes-yaml.ts`; both take their scalars from one table.
 */
import { type Document, isScalar, type ParseOptions, type ScalarTag, type SchemaOptions, visit } from 'yaml';
import { yamlScalars } from '../../lib/yaml-scalars.ts';

const scalarTags: ScalarTag[] = yamlScalars.map(({ tag, pattern, read }) => ({
  tag,
  default: true,
  test: pattern,
  identify: () => false,
  resolve: (text) => read(text),
}));

/** Options for `parseDocument` and `parseAllDocuments`. */
export const kubernetesYaml: ParseOptions & SchemaOptions = {
  // Knows text, lists and maps only; everything else is ours.
  schema: 'failsafe',
  customTags: scalarTags,
  resolveKnownTags: false,
  merge: true,
  // Keys become text, so `1` and `"1"` are one key.
  uniqueKeys: (a, b) => isScalar(a) && isScalar(b) && String(a.value) === String(b.value),
};

/** What is wrong with a document, and where (offset into the text). */
export interface YamlFault {
  readonly message: string;
  readonly offset: number;
}

/** The first fault; undefined when Kubernetes could read the document too. */
export function findFault(document: Document.Parsed): YamlFault | undefined {
  // A tag that is not known is only a warning to the package, but it would change what the value is.
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) return { message: problem.message, offset: problem.pos[0] };
  let fault: YamlFault | undefined;
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && key.value !== null) return undefined;
      fault = { message: 'a key must be text, a number or a boolean', offset: offsetOf(key) };
      return visit.BREAK;
    },
  });
  return fault;
}

function offsetOf(node: unknown): number {
  return (node as { readonly range?: readonly number[] } | null)?.range?.[0] ?? 0;
}
