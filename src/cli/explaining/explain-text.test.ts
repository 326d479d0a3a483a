import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainText, headText } from './explain-text.ts';
import { type Schema, Schemas } from './schema.ts';

const shape: Schema = {
  type: 'object',
  description: 'A shape.',
  required: ['name'],
  properties: {
    name: { type: 'string', description: 'Its name.' },
    kind: { type: 'string', enum: ['', 'a', 'b', 'c', 'd'] },
    size: { description: 'How large.', allOf: [{ $ref: '#/components/schemas/x.Size' }] },
    at: { allOf: [{ $ref: '#/components/schemas/x.Time' }] },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    any: { type: 'object' },
    parts: { type: 'array', items: { $ref: '#/components/schemas/x.Shape' } },
  },
  'x-kubernetes-group-version-kind': [{ group: 'x', version: 'v1', kind: 'Shape' }],
};
const schemas = new Schemas({
  components: {
    schemas: {
      'x.Shape': shape,
      'x.Size': { description: `As a number, ${'or as a text '.repeat(6)}of digits.`, oneOf: [] } as Schema,
      'x.Time': { type: 'string', description: 'A time.' },
    },
  },
});
const explain = (...path: string[]): string => {
  const schema = path.reduce<Schema | undefined>((parent, name) => parent && schemas.field(parent, name), shape);
  assert.ok(schema);
  return explainText(schemas, { schema, field: path.at(-1), recursive: false });
};

describe('explaining', () => {
  it('begins with the kind, and its group when it has one', () => {
    assert.equal(headText({ group: '', version: 'v1', kind: 'Pod' }), 'KIND:       Pod\nVERSION:    v1\n\n');
    assert.equal(
      headText({ group: 'apps', version: 'v1', kind: 'Deployment' }),
      'GROUP:      apps\nKIND:       Deployment\nVERSION:    v1\n\n',
    );
  });

  it('a kind lists its fields in order, with their types, values and meaning', () => {
    assert.equal(schemas.ofKind({ group: 'x', version: 'v1', kind: 'Shape' }), shape);
    assert.equal(
      explain(),
      [
        'DESCRIPTION:',
        '    A shape.',
        '    ',
        'FIELDS:',
        '  any\t<Object>',
        '    <no description>',
        '',
        '  at\t<string>',
        '    A time.',
        '',
        '  kind\t<string>',
        '  enum: "", a, b, c, ....',
        '    <no description>',
        '',
        '  labels\t<map[string]string>',
        '    <no description>',
        '',
        '  name\t<string> -required-',
        '    Its name.',
        '',
        '  parts\t<[]Shape>',
        '    A shape.',
        '',
        '  size\t<Size>',
        '    How large.',
        '',
        '',
        '',
      ].join('\n'),
    );
  });

  it('a field says all of its values, and what its type means, in lines of 76 columns', () => {
    assert.match(
      explain('kind'),
      /^FIELD: kind <string>\nENUM:\n {4}""\n {4}a\n {4}b\n {4}c\n {4}d\n\nDESCRIPTION:\n {4}<empty>\n/,
    );
    assert.equal(
      explain('parts', 'size'),
      'FIELD: size <Size>\n\n\nDESCRIPTION:\n    How large.\n' +
        '    As a number, or as a text or as a text or as a text or as a text or as a\n    text or as a text of digits.\n    \n\n',
    );
  });

  it('fields of fields are shown under them, and those of what contains itself once', () => {
    const text = explainText(schemas, { schema: shape, field: undefined, recursive: true });
    assert.match(
      text,
      /\n {2}name\t<string> -required-\n {2}parts\t<\[\]Shape>\n {4}any\t<Object>\n(.*\n)* {4}parts\t<\[\]Shape>\n {4}size\t<Size>\n {2}size\t<Size>\n\n$/,
    );
  });

  it('knows no field that is inherited from the language', () => {
    assert.equal(schemas.field(shape, 'constructor'), undefined);
  });
});
