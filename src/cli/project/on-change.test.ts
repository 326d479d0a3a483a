import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../usage-error.ts';
import { type OnChange, parseOnChange } from './on-change.ts';
import { parsePortPair } from './port-pair.ts';

describe('what follows a change', () => {
  for (const [text, expected] of [
    ['none', { kind: 'None' }],
    [' restart ', { kind: 'Restart' }],
    ['npm test', { kind: 'Run', command: ['npm', 'test'] }],
    ['npm  run test:unit -- --grep=a', { kind: 'Run', command: ['npm', 'run', 'test:unit', '--', '--grep=a'] }],
    ['a && b', { kind: 'Run', command: ['sh', '-c', 'a && b'] }],
    ['A=1 b', { kind: 'Run', command: ['sh', '-c', 'A=1 b'] }],
    ['echo "a b"', { kind: 'Run', command: ['sh', '-c', 'echo "a b"'] }],
  ] satisfies readonly (readonly [string, OnChange])[]) {
    it(`is read from ${JSON.stringify(text)}`, () => assert.deepEqual(parseOnChange(text, '--on-change'), expected));
  }
  it('is something', () => assert.throws(() => parseOnChange(' ', 'invalid --on-change'), UsageError));
});

describe('a port', () => {
  for (const [text, local, remote] of [
    ['80', undefined, 80],
    ['3000:80', 3000, 80],
    ['80/tcp', undefined, 80],
  ] as const) {
    it(`is read from ${text}`, () => assert.deepEqual(parsePortPair(text, '--port'), { local, remote }));
  }
  for (const text of ['', '0', '65536', '80/udp', '1:2:3', '80:', ':80', 'http', '70000:80', '-1']) {
    it(`is not read from "${text}"`, () => assert.throws(() => parsePortPair(text, 'invalid --port'), UsageError));
  }
});
