import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultPullPolicy, defaultVolumePullPolicy } from './pull-policy.ts';

const digest = `sha256:${'0'.repeat(64)}`;

test('an image that may change under its name is always pulled', () => {
  for (const image of ['nginx', 'nginx:latest', 'registry:5000/team/nginx', `nginx:latest@${digest}`]) {
    assert.equal(defaultPullPolicy({ image }), 'Always', image);
  }
});

test('an image with a version or a digest is pulled once', () => {
  for (const image of [
    'nginx:1.27',
    'registry:5000/team/nginx:v1',
    `nginx@${digest}`,
    `registry:5000/nginx@${digest}`,
  ]) {
    assert.equal(defaultPullPolicy({ image }), 'IfNotPresent', image);
  }
});

test('a container without image needs no decision', () => {
  assert.equal(defaultPullPolicy({}), 'IfNotPresent');
});

test('the image of a volume stands in its reference', () => {
  assert.equal(defaultVolumePullPolicy({ reference: 'models' }), 'Always');
  assert.equal(defaultVolumePullPolicy({ reference: 'models:v1' }), 'IfNotPresent');
});
