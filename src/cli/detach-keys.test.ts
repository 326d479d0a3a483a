import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { createDetachMatcher, parseDetachKeys, withDetachKeys } from './detach-keys.ts';

describe('detach keys', () => {
  for (const [text, bytes] of [
    ['ctrl-p,ctrl-q', [16, 17]],
    ['ctrl-a,d', [1, 100]],
    ['ctrl-[', [27]],
    ['ctrl-@,ctrl-_', [0, 31]],
  ] as const) {
    it(`${text} sends ${bytes.join(' ')}`, () => assert.deepEqual([...parseDetachKeys(text)], bytes));
  }

  for (const text of ['', 'ctrl-', 'ctrl-P', 'ab', 'ctrl-p,', 'é']) {
    it(`${JSON.stringify(text)} is refused`, () => {
      assert.throws(() => parseDetachKeys(text), /could not bind detach keys: unknown key/);
    });
  }

  for (const { chunks, passes, isDetached } of [
    { chunks: ['abc'], passes: 'abc', isDetached: false },
    { chunks: ['ab\x10\x11cd'], passes: 'ab', isDetached: true },
    { chunks: ['a\x10', '\x11b'], passes: 'a', isDetached: true },
    { chunks: ['\x10', 'x'], passes: '\x10x', isDetached: false },
    { chunks: ['\x10\x10\x11'], passes: '\x10', isDetached: true },
    { chunks: ['\x11\x10'], passes: '\x11', isDetached: false },
  ]) {
    it(`of ${JSON.stringify(chunks)} passes on ${JSON.stringify(passes)}`, () => {
      const match = createDetachMatcher(parseDetachKeys('ctrl-p,ctrl-q'));
      const results = chunks.map((chunk) => match(Buffer.from(chunk)));
      assert.equal(results.map(({ pass }) => pass.toString()).join(''), passes);
      assert.equal(results.at(-1)?.isDetached, isDetached);
    });
  }

  it('end the reading of stdin once', async () => {
    const stdin = new PassThrough();
    let detached = 0;
    const rest = withDetachKeys(stdin, parseDetachKeys('q'), () => (detached += 1));
    stdin.write('abqc');
    const [chunk] = (await rest.take(1).toArray()) as Buffer[];
    assert.equal(chunk?.toString(), 'ab');
    assert.equal(detached, 1);
  });
});
