import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admitUpdate } from '../../../../testing/admit-object.ts';
import { admittedPod } from '../../../../testing/pod-manifest.ts';
import { podKind } from '../pod.ts';
import type { Pod, PodSpec } from '../types.ts';

const toleration = { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 10 };
const before = admittedPod(
  { tolerations: [toleration], initContainers: [{ name: 'init', image: 'busybox:1' }], activeDeadlineSeconds: 60 },
  { env: [{ name: 'A', value: '1' }] },
);

function update(change: (spec: PodSpec) => object, previous: Pod = before): readonly string[] {
  return admitUpdate(podKind, { ...previous, spec: { ...previous.spec, ...change(previous.spec) } }, previous).errors;
}

/** The first line says what is allowed, the second what was changed. */
function changedBy(change: (spec: PodSpec) => object): string {
  const [error = '', ...others] = update(change);
  assert.deepEqual(others, []);
  const [rule, changed = ''] = error.split('\n');
  assert.equal(
    rule,
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,' +
      '`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,' +
      '`spec.tolerations` (only additions to existing tolerations),' +
      '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  );
  return changed;
}

test('nothing changed is fine', () => {
  assert.deepEqual(
    update(() => ({})),
    [],
  );
});

describe('what may change', () => {
  test('images', () => {
    const withImage = (list: PodSpec['initContainers']): object[] =>
      (list ?? []).map((one) => ({ ...one, image: 'new:2' }));
    assert.deepEqual(
      update((spec) => ({ containers: withImage(spec.containers), initContainers: withImage(spec.initContainers) })),
      [],
    );
  });

  test('the deadline, to an earlier one', () => {
    assert.deepEqual(
      update(() => ({ activeDeadlineSeconds: 30 })),
      [],
    );
    assert.deepEqual(
      update(() => ({ activeDeadlineSeconds: 61 })),
      ['spec.activeDeadlineSeconds: Invalid value: 61: must be less than or equal to previous value'],
    );
    assert.deepEqual(
      update(() => ({ activeDeadlineSeconds: undefined })),
      ['spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value'],
    );
  });

  test('tolerations, by new ones and other times', () => {
    assert.deepEqual(
      update(() => ({ tolerations: [{ ...toleration, tolerationSeconds: 5 }, { operator: 'Exists' }] })),
      [],
    );
    assert.deepEqual(
      update(() => ({ tolerations: [] })),
      ['spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds'],
    );
  });

  test('scheduling gates, by fewer', () => {
    const gated = admittedPod({ schedulingGates: [{ name: 'a/b' }] });
    assert.deepEqual(
      update(() => ({ schedulingGates: [] }), gated),
      [],
    );
    assert.deepEqual(
      update(() => ({ schedulingGates: [{ name: 'a/b' }, { name: 'c/d' }] }), gated),
      ["spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'c/d'"],
    );
  });

  test('labels and annotations', () => {
    const next = { ...before, metadata: { ...before.metadata, labels: { app: 'web' }, annotations: { note: 'x' } } };
    assert.deepEqual(admitUpdate(podKind, next, before).errors, []);
  });
});

describe('what may not change', () => {
  test('is named with its place', () => {
    const changed = changedBy((spec) => ({
      containers: spec.containers.map((container) => ({ ...container, env: [{ name: 'A', value: '2' }] })),
      restartPolicy: 'Never',
    }));
    assert.equal(changed, 'changed: spec.containers[0].env[0].value, spec.restartPolicy');
  });

  test('includes the grace period', () => {
    assert.equal(
      changedBy(() => ({ terminationGracePeriodSeconds: 1 })),
      'changed: spec.terminationGracePeriodSeconds',
    );
  });

  test('includes what was not there before', () => {
    assert.equal(
      changedBy(() => ({ hostNetwork: true })),
      'changed: spec.hostNetwork',
    );
  });

  test('includes the list of containers', () => {
    assert.deepEqual(
      update((spec) => ({ containers: [...spec.containers, { name: 'b', image: 'busybox:1' }] })),
      ['spec.containers: Forbidden: pod updates may not add or remove containers'],
    );
    assert.deepEqual(
      update(() => ({ initContainers: [] })),
      ['spec.initContainers: Forbidden: pod updates may not add or remove containers'],
    );
  });

  test('includes the name', () => {
    const next = { ...before, metadata: { ...before.metadata, name: 'other' } };
    assert.deepEqual(admitUpdate(podKind, next, before).errors, [
      'metadata.name: Invalid value: "other": field is immutable',
    ]);
  });
});
