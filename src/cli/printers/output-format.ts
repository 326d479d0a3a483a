/** Reads `-o`. */
import { UsageError } from '../usage-error.ts';

export type OutputFormat =
  | { readonly kind: 'table'; readonly wide: boolean }
  | { readonly kind: 'json' }
  | { readonly kind: 'yaml' }
  | { readonly kind: 'name' }
  | { readonly kind: 'jsonpath'; readonly template: string }
  | { readonly kind: 'custom-columns'; readonly specification: string };

/** How each format is typed. */
const formats: readonly (readonly [typed: string, kind: OutputFormat['kind']])[] = [
  ['table', 'table'],
  ['wide', 'table'],
  ['json', 'json'],
  ['yaml', 'yaml'],
  ['name', 'name'],
  ['jsonpath=…', 'jsonpath'],
  ['custom-columns=…', 'custom-columns'],
];

/**
 * The format that `text` names; a table when it is left out.
 *
 * @throws UsageError when there is no such format, or it is not among `allowed`
 */
export function parseOutputFormat(text: string | undefined, allowed?: readonly OutputFormat['kind'][]): OutputFormat {
  const format = formatOf(text);
  if (format !== undefined && (allowed === undefined || allowed.includes(format.kind))) return format;
  const names = formats.filter(([, kind]) => allowed?.includes(kind) ?? true).map(([typed]) => typed);
  throw new UsageError(
    `unable to match a printer suitable for the output format "${text}"`,
    `allowed formats are: ${names.join(', ')}`,
  );
}

function formatOf(text: string | undefined): OutputFormat | undefined {
  const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(text ?? '') ?? [];
  switch (name) {
    case '':
    case 'table':
      return { kind: 'table', wide: false };
    case 'wide':
      return { kind: 'table', wide: true };
    case 'json':
    case 'yaml':
    case 'name':
      return { kind: name };
    case 'jsonpath':
      if (value === '') throw new UsageError('template format specified but no template given', jsonPathExample);
      return { kind: 'jsonpath', template: value };
    case 'custom-columns':
      return { kind: 'custom-columns', specification: value };
    default:
      return undefined;
  }
}

const jsonPathExample = `for example: -o jsonpath='{.items[*].metadata.name}'`;
