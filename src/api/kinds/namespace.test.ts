import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admitObject, admitUpdate } from '../../testing/admit-object.ts';
import { namespaceKind } from './namespace.ts';

const created = admitObject(namespaceKind, { metadata: { name: 'team-a' } });

test('a new namespace is active, labelled with its name, and guarded by a finalizer', () => {
  assert.deepEqual(created.errors, []);
  assert.deepEqual(created.object.status, { phase: 'Active' });
  assert.deepEqual(created.object.spec, { finalizers: ['kubernetes'] });
  assert.deepEqual(created.object.metadata.labels, { 'kubernetes.io/metadata.name': 'team-a' });
});

test('the label with the name cannot be taken away or changed', () => {
  const labels = { 'kubernetes.io/metadata.name': 'other', team: 'a' };
  const { object } = admitUpdate(namespaceKind, { metadata: { name: 'team-a', labels } }, created.object);
  assert.deepEqual(object.metadata.labels, { 'kubernetes.io/metadata.name': 'team-a', team: 'a' });
});

test('an update leaves the finalizers alone', () => {
  const { object } = admitUpdate(namespaceKind, { metadata: { name: 'team-a' }, spec: {} }, created.object);
  assert.deepEqual(object.spec, { finalizers: ['kubernetes'] });
});

test('the name is a DNS label', () => {
  const { errors } = admitObject(namespaceKind, { metadata: { name: 'team.a' } });
  assert.match(errors[0] ?? '', /^metadata.name: Invalid value: "team.a"/);
});

test('finalizers are known or have a domain', () => {
  const withFinalizer = (name: string): readonly string[] =>
    admitObject(namespaceKind, { metadata: { name: 'a' }, spec: { finalizers: [name] } }).errors;
  assert.deepEqual(withFinalizer('example.com/wait'), []);
  assert.deepEqual(withFinalizer('wait'), [
    'spec.finalizers: Invalid value: "wait": name is neither a standard finalizer name nor is it fully qualified',
  ]);
});

test('the phase follows from deletion', () => {
  const { object } = created;
  const gone = { ...object, status: { phase: 'Terminating' } };
  assert.deepEqual(
    namespaceKind.validateUpdate(gone, object).map(({ field, message }) => `${field}: ${message}`),
    ['status.phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty'],
  );
  const deleted = { ...object, metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
  assert.deepEqual(namespaceKind.validateUpdate({ ...deleted, status: { phase: 'Terminating' } }, deleted), []);
  assert.deepEqual(namespaceKind.validateUpdate(deleted, deleted), []);
});

test('a row shows the phase', () => {
  assert.deepEqual(namespaceKind.row(created.object, 0), ['team-a', 'Active', '<unknown>']);
});
