/** Reads `-o`. */
import { UsageError } from '../usage-error.ts';

export type OutputFormat =
  | { readonly kind: 'table'; readonly wide: boolean }
  | { readonly kind: 'json' }
  | { readonly kind: 'yaml' }
  | { readonly kind: 'name' }
  | { readonly kind: 'jsonpath'; readonly template: string }
  | { readonly kind: 'custom-columns'; readonly specification: string };

const formats = ['table', 'wide', 'json', 'yaml', 'name', 'jsonpath=…', 'custom-columns=…'];

/**
 * The format that `text` names; a table when it is left out.
 *
 * @throws UsageError when there is no such format, or it is not among `allowed`
 */
export function parseOutputFormat(text: string | undefined, allowed?: readonly OutputFormat['kind'][]): OutputFormat {
  const format = formatOf(text);
  if (format !== undefined && (allowed === undefined || allowed.includes(format.kind))) return format;
  const names =
    allowed === undefined ? formats : formats.filter((name) => allowed.some((kind) => name.startsWith(kind)));
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
