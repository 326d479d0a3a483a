import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../usage-error.ts';
import { lastOfEach, parseEnv, parseEnvFile } from './env.ts';

const here = { HOME: '/root' };

test('a variable has the value that is written, or the one that it has here', () => {
  assert.deepEqual(parseEnv('A=1=2', '--env', here), [{ name: 'A', value: '1=2' }]);
  assert.deepEqual(parseEnv('A=', '--env', here), [{ name: 'A', value: '' }]);
  assert.deepEqual(parseEnv('HOME', '--env', here), [{ name: 'HOME', value: '/root' }]);
  assert.deepEqual(parseEnv('NOPE', '--env', here), []);
});

test('a variable without a name is refused', () => {
  assert.throws(() => parseEnv('=x', '--env', here), UsageError);
  assert.throws(() => parseEnv('', '--env', here), UsageError);
});

test('a file of variables has one a line, with comments and empty lines', () => {
  const text = '# colours\n\nRED=1\r\n  GREEN="2"\nHOME\n';
  assert.deepEqual(parseEnvFile(text, 'line of env', here), [
    { name: 'RED', value: '1' },
    { name: 'GREEN', value: '"2"' },
    { name: 'HOME', value: '/root' },
  ]);
});

test('the last value of a variable counts', () => {
  const all = ['A=1', 'B=2', 'A=3'].flatMap((text) => parseEnv(text, '--env', here));
  assert.deepEqual(lastOfEach(all), [
    { name: 'A', value: '3' },
    { name: 'B', value: '2' },
  ]);
});
