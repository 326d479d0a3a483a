import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePorts, parseStreamQuery } from './stream-query.ts';

describe('parseStreamQuery', () => {
  it('reads what kubectl sends', () => {
    const url = '/exec?command=sh&command=-c&command=echo+a%20b&container=web&stdin=true&stdout=true&stderr=true';
    assert.deepEqual(parseStreamQuery(url), {
      container: 'web',
      command: ['sh', '-c', 'echo a b'],
      stdin: true,
      stdout: true,
      stderr: true,
      tty: false,
    });
  });

  for (const [text, value] of [
    ['stdin=true', true],
    ['stdin=1', true],
    ['stdin=', true],
    ['stdin=yes', true],
    ['stdin=false', false],
    ['stdin=False', false],
    ['stdin=0', false],
    ['', false],
  ] as const) {
    it(`takes ${JSON.stringify(text)} as ${value}`, () => {
      assert.equal(parseStreamQuery(`/exec?stdout=1&${text}`).stdin, value);
    });
  }

  it('has no stderr with a terminal', () => {
    assert.equal(parseStreamQuery('/exec?stdout=1&stderr=1&tty=1').stderr, false);
  });

  for (const query of ['', 'tty=1', 'tty=1&stderr=1', 'stdout=0']) {
    it(`refuses ${JSON.stringify(query)}: no stream is left`, () => {
      assert.throws(() => parseStreamQuery(`/exec?${query}`), {
        reason: 'BadRequest',
        message: 'you must specify at least 1 of stdin, stdout, stderr',
      });
    });
  }
});

describe('parsePorts', () => {
  it('reads ports that come one by one or in a list', () => {
    assert.deepEqual(parsePorts('/portforward?ports=80&ports=443,8080'), [80, 443, 8080]);
  });

  for (const query of ['', 'ports=', 'ports=0', 'ports=65536', 'ports=-1', 'ports=http', 'ports=80,']) {
    it(`refuses ${JSON.stringify(query)}`, () => {
      assert.throws(() => parsePorts(`/portforward?${query}`), { reason: 'BadRequest' });
    });
  }
});
