import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ObjectMeta } from '../../meta.ts';
import { checkDnsLabel } from '../../names.ts';
import { validateMetadata, validateMetadataUpdate } from './metadata-validation.ts';

const namespaced = { namespaced: true };
const fine: ObjectMeta = { name: 'web', namespace: 'default' };

function errorsOf(metadata: ObjectMeta, rules = namespaced): string[] {
  return validateMetadata(metadata, rules).map(({ field, message }) => `${field}: ${message}`);
}

function updateErrors(next: ObjectMeta, previous: ObjectMeta): string[] {
  return validateMetadataUpdate(next, previous).map(({ field, message }) => `${field}: ${message}`);
}

describe('new metadata', () => {
  test('needs a name', () => {
    assert.deepEqual(errorsOf({ namespace: 'default' }), [
      'metadata.name: Required value: name or generateName is required',
    ]);
  });

  test('takes DNS subdomains as names unless the kind says otherwise', () => {
    assert.deepEqual(errorsOf({ ...fine, name: 'web.example.com' }), []);
    const rules = { namespaced: true, checkName: checkDnsLabel };
    assert.match(errorsOf({ ...fine, name: 'web.example.com' }, rules)[0] ?? '', /^metadata.name: Invalid value/);
    assert.match(errorsOf({ ...fine, name: 'Web' })[0] ?? '', /^metadata.name: Invalid value: "Web": a lowercase RFC/);
  });

  test('may have a prefix that ends with a dash', () => {
    assert.deepEqual(errorsOf({ ...fine, generateName: 'web-' }), []);
    assert.match(errorsOf({ ...fine, generateName: 'Web-' })[0] ?? '', /^metadata.generateName: Invalid value: "Web-"/);
  });

  test('says its namespace exactly when the kind has one', () => {
    assert.deepEqual(errorsOf({ name: 'web' }), ['metadata.namespace: Required value']);
    assert.match(errorsOf({ name: 'web', namespace: 'a.b' })[0] ?? '', /^metadata.namespace: Invalid value: "a.b"/);
    assert.deepEqual(errorsOf(fine, { namespaced: false }), [
      'metadata.namespace: Forbidden: not allowed on this type',
    ]);
  });

  test('has well-formed labels', () => {
    assert.deepEqual(errorsOf({ ...fine, labels: { 'example.com/app': 'web_1', empty: '' } }), []);
    assert.match(
      errorsOf({ ...fine, labels: { 'a b': 'x' } })[0] ?? '',
      /^metadata.labels: Invalid value: "a b": name part/,
    );
    assert.match(
      errorsOf({ ...fine, labels: { app: '-' } })[0] ?? '',
      /^metadata.labels: Invalid value: "-": a valid label/,
    );
  });

  test('has annotations with keys in any case and at most 256 KiB', () => {
    assert.deepEqual(errorsOf({ ...fine, annotations: { 'Example.com/Key': 'any { text' } }), []);
    assert.deepEqual(errorsOf({ ...fine, annotations: { a: 'x'.repeat(256 * 1024 - 1) } }), []);
    assert.deepEqual(errorsOf({ ...fine, annotations: { a: 'x'.repeat(256 * 1024) } }), [
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    ]);
  });

  test('has one controller at most, and owners that are named', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'a', uid: '1', controller: true };
    assert.deepEqual(errorsOf({ ...fine, ownerReferences: [owner] }), []);
    assert.match(
      errorsOf({ ...fine, ownerReferences: [owner, { ...owner, name: 'b', uid: '2' }] })[0] ?? '',
      /Found "true" in references for ReplicaSet\/a and ReplicaSet\/b$/,
    );
    assert.deepEqual(errorsOf({ ...fine, ownerReferences: [{ ...owner, name: '' }] }), [
      'metadata.ownerReferences.name: Invalid value: "": must not be empty',
    ]);
    assert.match(
      errorsOf({ ...fine, ownerReferences: [{ ...owner, apiVersion: 'v1', kind: 'Event' }] })[0] ?? '',
      /disallowed from being an owner$/,
    );
  });

  test('has finalizers that do not contradict each other', () => {
    assert.deepEqual(errorsOf({ ...fine, finalizers: ['example.com/keep', 'orphan'] }), []);
    assert.equal(errorsOf({ ...fine, finalizers: ['orphan', 'foregroundDeletion'] }).length, 1);
    assert.equal(errorsOf({ ...fine, finalizers: ['no good'] }).length, 1);
  });
});

describe('changed metadata', () => {
  const previous: ObjectMeta = { ...fine, uid: '1', creationTimestamp: '2026-01-01T00:00:00Z', generation: 3 };

  test('may leave out what the server sets', () => {
    assert.deepEqual(updateErrors({ ...fine, labels: { app: 'web' } }, previous), []);
  });

  test('keeps its identity', () => {
    assert.deepEqual(updateErrors({ ...previous, name: 'b' }, previous), [
      'metadata.name: Invalid value: "b": field is immutable',
    ]);
    assert.deepEqual(updateErrors({ ...previous, uid: '2', namespace: 'other' }, previous), [
      'metadata.namespace: Invalid value: "other": field is immutable',
      'metadata.uid: Invalid value: "2": field is immutable',
    ]);
  });

  test('never goes back in generation', () => {
    assert.deepEqual(updateErrors({ ...previous, generation: 2 }, previous), [
      'metadata.generation: Invalid value: 2: must not be decremented',
    ]);
  });

  test('gets no new finalizer while it is deleted', () => {
    const deleted = { ...previous, deletionTimestamp: '2026-01-02T00:00:00Z', finalizers: ['a/b'] };
    assert.deepEqual(updateErrors({ ...deleted, finalizers: [] }, deleted), []);
    assert.deepEqual(updateErrors({ ...deleted, finalizers: ['a/b', 'c/d'] }, deleted), [
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, ' +
        'found new finalizers []string{"c/d"}',
    ]);
  });
});
