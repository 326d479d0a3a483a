import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseTerminalSize } from './terminal-size.ts';

describe('parseTerminalSize', () => {
  it('reads what clients send', () => {
    assert.deepEqual(parseTerminalSize('{"Width":101,"Height":33}'), { width: 101, height: 33 });
  });

  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{}',
    '{"Width":1}',
    '{"Width":-1,"Height":1}',
    '{"Width":70000,"Height":1}',
    '{"Width":"1","Height":1}',
    '{"Width":1.5,"Height":1}',
  ]) {
    it(`takes ${JSON.stringify(text)} for no size`, () => assert.equal(parseTerminalSize(text), undefined));
  }
});
