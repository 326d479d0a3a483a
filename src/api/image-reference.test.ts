import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStatusError } from '../lib/status-error.ts';
import { isImageId, normalizeImageReference, parseImageReference } from './image-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('an image reference', () => {
  for (const [short, full] of [
    ['busybox', 'docker.io/library/busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36'],
    ['eliot/hello', 'docker.io/eliot/hello:latest'],
    ['docker.io/busybox', 'docker.io/library/busybox:latest'],
    ['index.docker.io/library/busybox', 'docker.io/library/busybox:latest'],
    ['localhost/app', 'localhost/app:latest'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['127.0.0.1:5000/team/app:v1', '127.0.0.1:5000/team/app:v1'],
    ['[::1]:5000/app', '[::1]:5000/app:latest'],
    ['quay.io/a/b/c', 'quay.io/a/b/c:latest'],
    [`busybox@${digest}`, `docker.io/library/busybox@${digest}`],
    [`busybox:1.36@${digest}`, `docker.io/library/busybox@${digest}`],
    ['a__b/c-d.e', 'docker.io/a__b/c-d.e:latest'],
    ['UPPER/app', 'UPPER/app:latest'],
  ] as const) {
    it(`${short} is ${full}`, () => {
      assert.equal(normalizeImageReference(short), full);
      assert.equal(normalizeImageReference(full), full);
    });
  }

  for (const [bad, message] of [
    ['', /invalid reference format$/],
    ['Busybox', /repository name must be lowercase$/],
    ['busybox:', /invalid reference format$/],
    ['busybox:a b', /invalid reference format$/],
    ['-app', /invalid reference format$/],
    ['a//b', /invalid reference format$/],
    ['busybox@sha256:12', /invalid reference format$/],
    ['https://quay.io/app', /invalid reference format$/],
    ['a'.repeat(256), /more than 255 characters$/],
    ['f'.repeat(64), /cannot specify 64-byte hexadecimal strings$/],
  ] as const) {
    it(`is refused when it is "${bad.slice(0, 30)}"`, () => {
      assert.throws(
        () => normalizeImageReference(bad),
        (error) => isStatusError(error, 'Invalid') && message.test(error.message),
      );
    });
  }

  it('comes apart into registry, repository and tag', () => {
    assert.deepEqual(parseImageReference('localhost:5000/app:v1'), {
      domain: 'localhost:5000',
      path: 'app',
      tag: 'v1',
      digest: undefined,
    });
  });

  it('is not an image id', () => {
    assert.equal(isImageId(digest), true);
    assert.equal(isImageId('busybox'), false);
  });
});
