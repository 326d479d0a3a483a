import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusError } from '../../lib/status-error.ts';
import { containerNamesOf, nameOfImage, toLabel } from './names.ts';

test('what runs an image is called as the last part of its name', () => {
  for (const [image, name] of [
    ['busybox', 'busybox'],
    ['docker.io/library/busybox:1.36', 'busybox'],
    ['registry.local:5000/team/My_App'.toLowerCase(), 'my-app'],
    [`a/b@sha256:${'0'.repeat(64)}`, 'b'],
  ] as const) {
    assert.equal(nameOfImage(image), name);
  }
  assert.throws(() => nameOfImage('Not An Image'), StatusError);
});

test('containers of several images are called as the first Eliot called them, each differently', () => {
  assert.deepEqual(containerNamesOf(['busybox', 'team/app:1', 'busybox:2', 'busybox:3']), [
    'library-busybox',
    'team-app',
    'library-busybox-2',
    'library-busybox-3',
  ]);
});

test('a label has at most 63 letters and begins and ends with one', () => {
  assert.equal(toLabel('--A b--'), 'a-b');
  assert.equal(toLabel(`${'a'.repeat(62)}-b`), 'a'.repeat(62));
  assert.equal(toLabel('…'), '');
});
