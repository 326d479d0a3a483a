import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { readPlainYaml } from './plain-yaml.ts';

/** As `kubectl config` writes it. */
const ofKubectl = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTi+/aA==
    insecure-skip-tls-verify: true
    server: https://10.0.0.7:6443/devices/pi
  name: pi
- cluster:
    certificate-authority: /etc/pi/ca.crt
    server: https://[fe80::1]:6443
  name: other
contexts:
- context:
    cluster: pi
    namespace: kube-system
    user: eliot-admin
  name: eliot
current-context: eliot
kind: Config
preferences: {}
users:
- name: eliot-admin
  user:
    client-certificate-data: LS0tLS1CRUdJTg==
`;

describe('plain YAML', () => {
  it('is read as the library reads it', () => {
    const plain = ofKubectl.replace('[fe80::1]', 'fe80.local');
    assert.notEqual(readPlainYaml(plain), undefined);
    assert.deepEqual(readPlainYaml(plain), load(plain));
    const indented = 'a:\n  - b: c\n    d:\n      e: f\n# g\n\nh: []\n';
    assert.deepEqual(readPlainYaml(indented), { a: [{ b: 'c', d: { e: 'f' } }], h: [] });
  });

  for (const [what, text] of [
    ['a word that is no text in some YAML', 'a: yes\n'],
    ['nothing', 'a:\nb: c\n'],
    ['a number', 'a: 1\n'],
    ['a date', 'a: 2026-11-28\n'],
    ['quotes', 'a: "b"\n'],
    ['a comment behind a value', 'a: b # c\n'],
    ['a block of text', 'a: |\n  b: c\n'],
    ['an alias', 'a: &b\n  c: d\ne: *b\n'],
    ['two documents', 'a: b\n---\na: c\n'],
    ['a key that comes twice', 'a: b\na: c\n'],
    ['a word that goes on in the next line', 'a: b\n  c\n'],
    ['a tab', 'a:\n\tb: c\n'],
    ['lines that end as on Windows', 'a: b\r\n'],
    ['an odd indentation', 'a:\n    b: c\n  d: e\n'],
    ['JSON', '{"a": "b"}'],
    ['an empty file', ''],
  ] as const) {
    it(`is not ${what}`, () => assert.equal(readPlainYaml(text), undefined));
  }

  it('is never read otherwise than by the library', () => {
    const key = fc.constantFrom('a', 'b', 'user', 'true', 'null', 'x-y', '1');
    const value = fc.constantFrom(
      '',
      ' b',
      ' {}',
      ' true',
      ' No',
      ' a:b',
      ' a:',
      ' 1',
      ' /x',
      ' =',
      ' x y',
      ' <<',
      ' -',
    );
    const line = fc
      .tuple(fc.constantFrom('', '  ', '    ', '   '), fc.constantFrom('', '', '- ', '- - ', '-'), key, value)
      .map(([indent, dash, name, word]) => `${indent}${dash}${name}:${word}`);
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.constantFrom('', '# x', ' x', '- x')), { maxLength: 6 }), (lines) => {
        const text = lines.join('\n');
        const plain = readPlainYaml(text);
        if (plain !== undefined) assert.deepEqual(plain, load(text));
      }),
      { numRuns: 20_000 },
    );
  });
});
