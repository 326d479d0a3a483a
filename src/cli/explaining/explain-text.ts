/** What `eli explain` prints of a kind or a field, as kubectl lays it out. Pure. */
import type { KindName, Schema, Schemas } from './schema.ts';

/** Columns of a text that is not indented. */
const textWidth = 76;
const indent = '    ';
const shownValues = 4;

/** Which kind it is about. */
export function headText({ group, version, kind }: KindName): string {
  const lines = [...(group === '' ? [] : [`GROUP:      ${group}`]), `KIND:       ${kind}`, `VERSION:    ${version}`];
  return `${lines.join('\n')}\n\n`;
}

export interface Explained {
  readonly schema: Schema;
  /** Undefined for the kind itself. */
  readonly field: string | undefined;
  /** The fields of fields too, without what they mean. */
  readonly recursive: boolean;
}

/** What follows the head: the field, what it means, and its fields. */
export function explainText(schemas: Schemas, { schema, field, recursive }: Explained): string {
  const name = field === undefined ? '' : `FIELD: ${field} <${schemas.typeOf(schema)}>\n${enumText(schema)}\n`;
  const descriptions = schemas.descriptionsOf(schema);
  const meaning = (descriptions.length === 0 ? ['<empty>'] : descriptions).map(wrapped).join('');
  const fields = schemas.fieldsOf(schema);
  const list =
    fields === undefined ? '' : `FIELDS:\n${recursive ? treeText(schemas, fields, 1, []) : listText(schemas, fields)}`;
  return `${name}DESCRIPTION:\n${meaning}${indent}\n${list}\n`;
}

function enumText({ enum: values }: Schema): string {
  if (values === undefined) return '\n';
  return `ENUM:\n${values.map((value) => `${indent}${shown(value)}\n`).join('')}`;
}

/** In a list of fields: the first of many values. */
function enumLine({ enum: values }: Schema, pad: string): string {
  if (values === undefined) return '';
  const more = values.length > shownValues ? ', ....' : '';
  return `${pad}enum: ${values.slice(0, shownValues).map(shown).join(', ')}${more}\n`;
}

function shown(value: unknown): string {
  return value === '' ? '""' : String(value);
}

function sortedFields({ properties = {} }: Schema): readonly (readonly [string, Schema])[] {
  return Object.entries(properties).sort(([one], [other]) => (one < other ? -1 : 1));
}

function lineOf(schemas: Schemas, parent: Schema, name: string, schema: Schema): string {
  const required = parent.required?.includes(name) ? ' -required-' : '';
  return `${name}\t<${schemas.typeOf(schema)}>${required}\n`;
}

function listText(schemas: Schemas, parent: Schema): string {
  return sortedFields(parent)
    .map(([name, schema]) => {
      const [description = '<no description>'] = schemas.descriptionsOf(schema);
      return `  ${lineOf(schemas, parent, name, schema)}${enumLine(schema, '  ')}${wrapped(description)}\n`;
    })
    .join('');
}

/** @param above what it stands in: a type that contains itself is shown once */
function treeText(schemas: Schemas, parent: Schema, depth: number, above: readonly Schema[]): string {
  return sortedFields(parent)
    .map(([name, schema]) => {
      const pad = '  '.repeat(depth);
      const own = schemas.fieldsOf(schema);
      const inner = own === undefined || above.includes(own) ? '' : treeText(schemas, own, depth + 1, [...above, own]);
      return `${pad}${lineOf(schemas, parent, name, schema)}${enumLine(schema, pad)}${inner}`;
    })
    .join('');
}

/** Indented lines of a text. */
function wrapped(text: string): string {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line !== '' && [...longer].length > textWidth) {
        lines.push(line);
        line = word;
      } else {
        line = longer;
      }
    }
    lines.push(line);
  }
  return lines.map((line) => `${indent}${line}\n`).join('');
}
