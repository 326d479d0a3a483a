import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStatusError } from '../../lib/status-error.ts';
import { parseYamlBody } from './parse-yaml-body.ts';

function refusal(text: string): string {
  try {
    parseYamlBody(text);
  } catch (error) {
    assert.ok(isStatusError(error), String(error));
    return `${error.code} ${error.message}`;
  }
  return assert.fail('it was not refused');
}

describe('a YAML body', () => {
  it('is read as Kubernetes reads it', () => {
    assert.deepEqual(parseYamlBody('{a: [0644, "0644", ~]}'), {
      value: { a: [420, '0644', null] },
      duplicateFields: [],
    });
  });

  it('that is no YAML is answered by 400 with the line', () => {
    assert.match(refusal('a: 1\nb: ['), /^400 the object provided is unrecognized: invalid YAML: line \d+: /);
    assert.match(refusal(''), /^400 the object provided is unrecognized: invalid YAML: /);
    assert.match(refusal('a: 1\n---\nb: 2'), /^400 .*more/);
  });

  it('that grows by its aliases is answered by 413', () => {
    const lines = [...'bcdefgh'].map((name, index) => `${name}: [${`*${'abcdefg'[index]},`.repeat(9)}]`);
    const bomb = ['a: &a [x,x]', ...lines.map((line) => line.replace(/^(\w):/, '$1: &$1'))].join('\n');
    assert.match(refusal(bomb), /^413 the YAML document is too large: more than 100000 values$/);
    assert.match(refusal('a: &a [*a]'), /^413 the YAML document is too large: nested more than 1000 deep$/);
  });
});
