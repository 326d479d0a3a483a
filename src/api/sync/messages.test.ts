import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAnswer, parseRequest } from './messages.ts';

const file = { kind: 'file', mode: 0o644, size: 1, mtimeMs: 1 };

describe('a request of a client', () => {
  it('is taken as it is', () => {
    const put = { do: 'put', n: 1, path: 'a/b', entry: file, expect: null };
    assert.deepEqual(parseRequest(JSON.stringify(put)), put);
  });

  for (const path of [
    '',
    '/etc/passwd',
    '../x',
    'a/../../x',
    'a//b',
    './a',
    'a/.',
    'a\0b',
    '.eliot-sync-staging/1',
    'x'.repeat(300),
  ]) {
    it(`is refused for the path ${JSON.stringify(path.slice(0, 30))}`, () => {
      for (const request of ['put', 'makeDirectory', 'makeLink', 'setFile', 'remove', 'keepAside', 'digest', 'get']) {
        const entries = { makeDirectory: { kind: 'directory', mode: 0 }, makeLink: { kind: 'link', target: 'x' } };
        const entry = entries[request as keyof typeof entries] ?? file;
        assert.throws(() => parseRequest(JSON.stringify({ do: request, n: 1, path, entry })), /bad path/);
      }
    });
  }

  for (const [why, change] of [
    ['set-user-id', { entry: { ...file, mode: 0o4755 } }],
    ['a size that is none', { entry: { ...file, size: -1 } }],
    ['an entry of another kind', { entry: { kind: 'directory', mode: 0o755 } }],
    ['no number', { n: 'one' }],
    ['a deed that is none', { do: 'format' }],
  ] as const) {
    it(`is refused for ${why}`, () => {
      assert.throws(() => parseRequest(JSON.stringify({ do: 'put', n: 1, path: 'a', entry: file, ...change })));
    });
  }
});

describe('an answer of a device', () => {
  it('is refused when it names a place outside of the tree', () => {
    const tree = (path: string): string => JSON.stringify({ is: 'tree', entries: [{ path, entry: file }], gone: [] });
    assert.equal(parseAnswer(tree('a')).is, 'tree');
    assert.throws(() => parseAnswer(tree('../.ssh/authorized_keys')), /bad path/);
    assert.throws(() => parseAnswer(JSON.stringify({ is: 'tree', entries: [], gone: ['/'] })), /bad path/);
    assert.throws(() => parseAnswer('nonsense'), /no JSON/);
  });

  it('need not say which tree it has, and says it in a few words', () => {
    for (const answer of [{ is: 'scanned' }, { is: 'scanned', identity: 'a' }]) {
      assert.deepEqual(parseAnswer(JSON.stringify(answer)), answer);
    }
    for (const identity of ['', 7, null, 'x'.repeat(1_000)]) {
      assert.throws(() => parseAnswer(JSON.stringify({ is: 'scanned', identity })), /bad identity/);
    }
  });
});
