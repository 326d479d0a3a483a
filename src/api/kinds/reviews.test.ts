import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admitObject } from '../../testing/admit-object.ts';
import { selfSubjectAccessReviewKind } from './access-reviews.ts';
import { selfSubjectReviewKind, selfSubjectRulesReviewKind } from './reviews.ts';

test('reviews need no name and can only be created', () => {
  for (const kind of [selfSubjectReviewKind, selfSubjectAccessReviewKind, selfSubjectRulesReviewKind]) {
    assert.deepEqual(kind.verbs, ['create']);
    assert.equal(kind.storage, 'none');
  }
  assert.deepEqual(admitObject(selfSubjectReviewKind, { metadata: {} }).errors, []);
  assert.deepEqual(admitObject(selfSubjectRulesReviewKind, { spec: { namespace: 'default' } }).errors, []);
});

test('an access review asks about a resource or a path, not both', () => {
  const resourceAttributes = { verb: 'get', resource: 'pods' };
  const nonResourceAttributes = { verb: 'get', path: '/livez' };
  const errorsOf = (spec: object): readonly string[] => admitObject(selfSubjectAccessReviewKind, { spec }).errors;
  assert.deepEqual(errorsOf({ resourceAttributes }), []);
  assert.deepEqual(errorsOf({ nonResourceAttributes }), []);
  assert.match(errorsOf({})[0] ?? '', /exactly one of nonResourceAttributes or resourceAttributes must be specified$/);
  assert.match(errorsOf({ resourceAttributes, nonResourceAttributes })[0] ?? '', /cannot be specified in combination/);
});

test('an answer that says nothing is no', () => {
  const { object } = admitObject(selfSubjectAccessReviewKind, { spec: { nonResourceAttributes: { path: '/' } } });
  assert.equal(object.status.allowed, false);
});
