import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePull } from './pull-progress.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

test('a pull has a bar for each layer', () => {
  assert.deepEqual(describePull('x:1', { state: 'Pulling', layers: [{ digest, sizeBytes: 30, doneBytes: 12 }] }), {
    text: 'pulling x:1',
    bars: [{ name: '0123456789ab', doneBytes: 12, totalBytes: 30 }],
  });
});

test('what is downloaded is unpacked, and then nothing is told of it', () => {
  assert.deepEqual(describePull('x:1', { state: 'Unpacking' }), { text: 'unpacking x:1', bars: [] });
  assert.equal(describePull('x:1', { state: 'Present' }), undefined);
});
