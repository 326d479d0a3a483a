import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { readManifests } from '../../agent/sources/read-manifests.ts';
import { parseYaml, YamlError } from '../../lib/kubernetes-yaml.ts';
import { refused, unknownTags, yamlValues } from '../../testing/yaml-values.ts';
import { parseManifests } from './parse-manifests.ts';
import { findFault, kubernetesYaml } from './yaml-options.ts';

/** As `eli apply -f` reads it. */
function byCli(text: string): unknown {
  const documents = parseAllDocuments(text, { ...kubernetesYaml, prettyErrors: false });
  if (!Array.isArray(documents)) return refused;
  const [document, ...more] = documents;
  if (document === undefined || more.length > 0 || findFault(document)) return refused;
  try {
    return document.toJS() as unknown;
  } catch {
    return refused;
  }
}

/** As the API server and the manifest directory read it. */
function byDaemon(text: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    assert.ok(error instanceof YamlError, String(error));
    return refused;
  }
}

const documents: readonly (readonly [what: string, text: string, value: unknown])[] = [
  ['an empty value', 'a:\nb: 1', { a: null, b: 1 }],
  ['a block that keeps lines', 'a: |\n  0644\n  on\n', { a: '0644\non\n' }],
  ['a block that folds lines', 'a: >-\n  one\n  two\n\n  three\n', { a: 'one two\nthree' }],
  ['a plain text of two lines', 'a: one\n  two', { a: 'one two' }],
  ['keys that are numbers and booleans', '{1: a, 0644: b, on: c, 1.5: d}', { 1: 'a', 420: 'b', true: 'c', '1.5': 'd' }],
  ['a key that comes twice', 'a: 1\na: 2', refused],
  ['a key that comes twice as number and text', '1: a\n"1": b', refused],
  ['a key that comes twice deep inside', 'a: [{b: {c: 1, c: 2}}]', refused],
  ['null as a key', '~: a', refused],
  ['a map as a key', '? {a: b}\n: c', refused],
  ['anchors', 'a: &x [1, on]\nb: *x', { a: [1, true], b: [1, true] }],
  ['a merge key', 'x: &x {a: 1, b: 2}\nz:\n  <<: *x\n  b: 3', { x: { a: 1, b: 2 }, z: { a: 1, b: 3 } }],
  ['a merge key that comes last', 'x: &x {a: 1}\nz: {a: 2, <<: *x}', { x: { a: 1 }, z: { a: 2 } }],
  [
    'a merge of several maps',
    'x: &x {a: 1}\nw: &w {a: 2, b: 2}\nz: {<<: [*x, *w]}',
    { x: { a: 1 }, w: { a: 2, b: 2 }, z: { a: 1, b: 2 } },
  ],
  ['a merge of what is no map', 'x: &x 1\nz: {<<: *x}', refused],
  ['an alias of nothing', 'a: *b', refused],
  ['JSON', '{"a": [1, 2.5, true, null, "\\ud83d\\ude00"]}', { a: [1, 2.5, true, null, '😀'] }],
  ['tabs as indentation', 'a:\n\tb: 1', refused],
  ['a list without its end', 'a: [1', refused],
  ['a text without its end', 'a: "1', refused],
  ['Windows line ends', 'a: 1\r\nb: |\r\n  x\r\n', { a: 1, b: 'x\n' }],
  ['a byte order mark', '\ufeffa: 1', { a: 1 }],
  ['comments', '# one\na: 1 # two\n# three', { a: 1 }],
  ['a document with its marks', '---\na: 1\n...\n', { a: 1 }],
  ['two documents', 'a: 1\n---\nb: 2', refused],
  ['a directive', '%YAML 1.1\n---\na: 0644', { a: 420 }],
];

describe('both readers of YAML', () => {
  for (const [text, value] of [...yamlValues, ...unknownTags]) {
    it(`take ${text} for ${JSON.stringify(value)}`, () => {
      const whole = value === refused ? refused : { a: [value] };
      assert.deepEqual(byDaemon(`a:\n  - ${text}\n`), whole);
      assert.deepEqual(byCli(`a:\n  - ${text}\n`), whole);
    });
  }

  for (const [what, text, value] of documents) {
    it(`agree on ${what}`, () => {
      assert.deepEqual(byDaemon(text), value);
      assert.deepEqual(byCli(text), value);
    });
  }

  it('agree on every plain scalar of the letters that matter', () => {
    const letters = fc.constantFrom(...'+-.0123456789_eExXoObBaAfFnNyYtTrRuUlLsSiI~: ');
    fc.assert(
      fc.property(fc.string({ unit: letters, minLength: 1, maxLength: 6 }), (scalar) => {
        const text = `[ ${scalar} ]`;
        assert.deepEqual(byCli(text), byDaemon(text));
      }),
      { numRuns: 3_000 },
    );
  });

  it('agree on files of several documents, empty ones among them', () => {
    const map = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: d}\n`;
    for (const text of [
      '',
      '---\n',
      '# nothing\n---\n---\n',
      map('a'),
      `---\n${map('a')}---\n`,
      `# head\n---\n${map('a')}---\n# between\n---\n${map('b')}...\n---\n${map('c')}`,
      `${map('a')}...\n`,
    ]) {
      const daemon = readManifests([{ name: 'f.yaml', text }]).map(({ object }) => object.metadata.name);
      const cli = parseManifests(text, 'f.yaml').map(({ object }) => object.metadata.name);
      assert.deepEqual(cli, daemon, JSON.stringify(text));
    }
  });
});
