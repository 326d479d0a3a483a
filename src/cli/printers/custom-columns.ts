/** `-o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[*].image` */
import { UsageError } from '../usage-error.ts';
import { compilePath, formatValue } from './jsonpath.ts';

export interface CustomColumn {
  readonly header: string;
  /** The cell of one object; `<none>` when it has no such field. */
  readonly cell: (object: unknown) => string;
}

/**
 * The columns that the specification names.
 *
 * @throws UsageError when it is empty or a column has no `HEADER:PATH`
 */
export function parseCustomColumns(specification: string): readonly CustomColumn[] {
  if (specification.trim() === '') {
    throw new UsageError('custom-columns format specified but no custom columns given', example);
  }
  return splitColumns(specification).map((column) => {
    const colon = column.indexOf(':');
    if (colon <= 0 || colon === column.length - 1) {
      throw new UsageError(`unexpected custom-columns spec: ${column}, expected <header>:<json-path-expr>`, example);
    }
    const find = compilePath(column.slice(colon + 1));
    return {
      header: column.slice(0, colon),
      cell: (object) => {
        const values = find(object);
        return values.length === 0 ? '<none>' : values.map((value) => formatValue(value) || '<none>').join(',');
      },
    };
  });
}

const example = 'for example: -o custom-columns=NAME:.metadata.name,NODE:.spec.nodeName';

/** Splits at commas that stand outside brackets and quotes. */
function splitColumns(text: string): readonly string[] {
  const columns: string[] = [];
  let column = '';
  let depth = 0;
  let quote: string | undefined;
  for (const character of text) {
    if (quote !== undefined) quote = character === quote ? undefined : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === '[' || character === '(') depth++;
    else if (character === ']' || character === ')') depth--;
    if (character === ',' && depth === 0 && quote === undefined) {
      columns.push(column);
      column = '';
    } else {
      column += character;
    }
  }
  return [...columns, column];
}
