import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  checkConfigKey,
  checkDns1035Label,
  checkDnsLabel,
  checkDnsSubdomain,
  checkEnvName,
  checkLabelValue,
  checkPathSegment,
  checkPortName,
  checkQualifiedName,
  generateName,
} from './names.ts';

const a = (length: number): string => 'a'.repeat(length);
// Messages as kubectl 1.35 prints them; those of DNS names, which it never checks, as apimachinery 1.35.2 has them.
const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const dns1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const namePart =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const qualified =
  "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
const value =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const configKey =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const env = "a valid environment variable name must consist only of printable ASCII characters other than '='";

for (const { name, check, good, bad } of [
  {
    name: 'checkDnsLabel',
    check: checkDnsLabel,
    good: ['a', '0', 'web-1', a(63)],
    bad: {
      '': [label],
      A: [label],
      '-a': [label],
      'a-': [label],
      'a.b': ['must not contain dots'],
      'a.B': [label],
      'a\n': [label],
      [a(64)]: ['must be no more than 63 characters'],
      [`${a(62)}.b`]: ['must be no more than 63 characters', 'must not contain dots'],
    },
  },
  {
    name: 'checkDnsSubdomain',
    check: checkDnsSubdomain,
    good: ['a', 'a.b-c.0', a(253)],
    bad: {
      '': [subdomain],
      'a..b': [subdomain],
      a_b: [subdomain],
      '.a': [subdomain],
      [a(254)]: ['must be no more than 253 characters'],
    },
  },
  {
    name: 'checkDns1035Label',
    check: checkDns1035Label,
    good: ['a', 'a1'],
    bad: { '1a': [dns1035], [a(64)]: ['must be no more than 63 characters'] },
  },
  {
    name: 'checkQualifiedName',
    check: checkQualifiedName,
    good: ['a', 'A_b.c-d', 'example.com/Name', '1'],
    bad: {
      '': ['name part must be non-empty', namePart],
      '-a': [namePart],
      'a/b/c': [qualified],
      '/a': ['prefix part must be non-empty'],
      'a/': ['name part must be non-empty', namePart],
      'A_/a': [`prefix part ${subdomain}`],
      [a(64)]: ['name part must be no more than 63 bytes'],
      [`${a(254)}/x`]: ['prefix part must be no more than 253 bytes'],
    },
  },
  {
    name: 'checkLabelValue',
    check: checkLabelValue,
    good: ['', 'a', 'A_b.c', a(63)],
    bad: { a_: [value], 'a b': [value], ä: [value], [a(64)]: ['must be no more than 63 bytes'] },
  },
  {
    name: 'checkEnvName',
    check: checkEnvName,
    good: ['A', 'my.env-name', '1', ' ', 'a b!'],
    bad: { '': ['environment variable name must be non-empty'], 'A=B': [env], ä: [env], 'a\tb': [env] },
  },
  {
    name: 'checkConfigKey',
    check: checkConfigKey,
    good: ['a', '.a', 'a..b', '__proto__', a(253)],
    bad: {
      '': [configKey],
      'a!': [configKey],
      '.': ["must not be '.'"],
      '..': ["must not be '..'"],
      '..a': ["must not start with '..'"],
      [a(254)]: ['must be no more than 253 characters'],
    },
  },
  {
    name: 'checkPortName',
    check: checkPortName,
    good: ['http', 'a-1'],
    bad: {
      [a(16)]: ['must be no more than 15 characters'],
      HTTP: [
        'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
        'must contain at least one letter (a-z)',
      ],
      '80': ['must contain at least one letter (a-z)'],
      'a--b': ['must not contain consecutive hyphens'],
      '-a': ['must not begin or end with a hyphen'],
    },
  },
  {
    name: 'checkPathSegment',
    check: checkPathSegment,
    good: ['a', 'system:node', '...'],
    bad: { '.': ["may not be '.'"], '..': ["may not be '..'"], 'a/%': ["may not contain '/'", "may not contain '%'"] },
  },
] as const) {
  describe(name, () => {
    for (const text of good) it(`accepts ${JSON.stringify(text)}`, () => assert.deepEqual(check(text), []));
    for (const [text, complaints] of Object.entries(bad)) {
      it(`refuses ${JSON.stringify(text)}`, () => assert.deepEqual(check(text), complaints));
    }
  });
}

describe('generateName', () => {
  it('adds five random characters', () => {
    assert.equal(
      generateName('web-', () => 0),
      'web-bbbbb',
    );
    assert.equal(
      generateName('web-', (below) => below - 1),
      'web-99999',
    );
  });

  it('cuts a long prefix so that the name stays a label', () => {
    assert.equal(
      generateName(a(100), () => 0),
      `${a(58)}bbbbb`,
    );
  });

  it('gives DNS labels without vowels in the suffix', () => {
    fc.assert(
      fc.property(fc.constant('web-'), (prefix) =>
        assert.match(generateName(prefix), /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/),
      ),
    );
  });
});
