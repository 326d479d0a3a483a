import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseManifests } from './parse-manifests.ts';

const objects = (text: string): readonly unknown[] => parseManifests(text, 'f.yaml').map(({ object }) => object);
const data = (text: string): unknown =>
  (
    objects(`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: ${text}\n`)[0] as {
      data: { x: unknown };
    }
  ).data.x;

describe('manifests', () => {
  it('are read from several documents; empty ones are skipped', () => {
    const text = `# first
---
apiVersion: v1
kind: Pod
metadata: {name: a}
---
---
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b"}}
`;
    assert.deepEqual(
      objects(text).map((object) => (object as { metadata: { name: string } }).metadata.name),
      ['a', 'b'],
    );
  });

  it('are taken out of lists, also of lists in lists', () => {
    const pod = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name } });
    const list = (...items: unknown[]) => ({ apiVersion: 'v1', kind: 'List', items });
    assert.deepEqual(objects(JSON.stringify(list(pod('a'), list(pod('b'))))), [pod('a'), pod('b')]);
  });

  it('are none in an empty text', () => {
    assert.deepEqual(objects(''), []);
    assert.deepEqual(objects('---\n# nothing\n'), []);
  });

  const values: readonly { readonly text: string; readonly value: unknown; readonly why: string }[] = [
    { text: '0644', value: 420, why: 'an old octal number, as in defaultMode' },
    { text: '0o644', value: 420, why: 'a new octal number' },
    { text: '0', value: 0, why: 'zero' },
    { text: '0999', value: 999, why: 'no octal number' },
    { text: 'yes', value: true, why: 'an old boolean' },
    { text: 'Off', value: false, why: 'an old boolean' },
    { text: '"yes"', value: 'yes', why: 'a quoted string' },
    { text: '22:22', value: '22:22', why: 'a port pair and no number to the base of 60' },
    { text: '2026-11-22', value: '2026-11-22', why: 'a date that stays a string' },
    { text: '1e3', value: 1000, why: 'a number with an exponent' },
    { text: '~', value: null, why: 'null' },
    { text: '|\n    a\n    b', value: 'a\nb\n', why: 'a block' },
  ];
  for (const { text, value, why } of values) {
    it(`read ${JSON.stringify(text)} as ${JSON.stringify(value)}: ${why}`, () => assert.deepEqual(data(text), value));
  }

  it('may have anchors and merge keys', () => {
    const text = `apiVersion: v1
kind: ConfigMap
metadata: &m {name: a}
data:
  base: &base {k: "1", l: "2"}
  more: {<<: *base, l: "3"}
`;
    assert.deepEqual((objects(text)[0] as { data: { more: unknown } }).data.more, { k: '1', l: '3' });
  });

  const wrong: readonly { readonly what: string; readonly text: string; readonly says: RegExp }[] = [
    {
      what: 'a bracket that is never closed',
      text: 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: [web\n',
      says: /^f\.yaml:5:1: .*\]/,
    },
    { what: 'a tab for a level', text: 'apiVersion: v1\nkind: Pod\nmetadata:\n\tname: web\n', says: /^f\.yaml:4:1: / },
    { what: 'a key twice', text: 'apiVersion: v1\nkind: Pod\nkind: Pod\n', says: /^f\.yaml:3:1: .*unique/i },
    { what: 'no kind', text: '---\napiVersion: v1\nmetadata: {}\n', says: /^f\.yaml:2:1: kind is missing/ },
    {
      what: 'no apiVersion, in the second document',
      text: 'apiVersion: v1\nkind: Pod\nmetadata: {}\n---\nkind: Pod\n',
      says: /^f\.yaml:5:1: apiVersion is missing/,
    },
    { what: 'no metadata', text: 'apiVersion: v1\nkind: Pod\n', says: /metadata is missing in this Pod/ },
    {
      what: 'a number for the apiVersion',
      text: 'apiVersion: 1\nkind: Pod\nmetadata: {}\n',
      says: /apiVersion must be a string, not a number/,
    },
    { what: 'only a word', text: 'hello', says: /^f\.yaml:1:1: is no Kubernetes object but a string/ },
    { what: 'only a list', text: '- a\n- b\n', says: /is no Kubernetes object but a list/ },
    {
      what: 'a bad item in a list',
      text: '{"apiVersion":"v1","kind":"List","items":[{"kind":"Pod"}]}',
      says: /\(in items\): apiVersion is missing/,
    },
    { what: 'an unknown alias', text: 'apiVersion: v1\nkind: Pod\nmetadata: *nope\n', says: /^f\.yaml:1:1: .*nope/ },
  ];
  for (const { what, text, says } of wrong) {
    it(`with ${what} are refused by line and column`, () =>
      assert.throws(() => parseManifests(text, 'f.yaml'), { message: says }));
  }

  it('cannot grow without end by referring to themselves', () => {
    let text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n';
    for (let level = 1; level < 9; level++)
      text += `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(',')}]\n`;
    assert.throws(() => parseManifests(text, 'f.yaml'), /f\.yaml:1:1: .*alias/i);
  });
});
