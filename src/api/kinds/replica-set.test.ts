import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admitObject, admitUpdate } from '../../testing/admit-object.ts';
import { podTemplate, replicaSetManifest } from '../../testing/workloads.ts';
import { type ReplicaSet, replicaSetKind } from './replica-set.ts';

const admit = (spec: Readonly<Record<string, unknown>> = {}) => admitObject(replicaSetKind, replicaSetManifest(spec));

describe('a ReplicaSet', () => {
  it('wants one replica unless it says otherwise, also none', () => {
    assert.equal(admit().object.spec.replicas, 1);
    assert.equal(admit({ replicas: 0 }).object.spec.replicas, 0);
  });

  it('must select its own pods, and something in particular', () => {
    assert.deepEqual(admit({ selector: {} }).errors, [
      'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
    ]);
    assert.deepEqual(admit({ selector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] } }).errors, [
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ]);
  });

  it('keeps its selector for good, and may change its template', () => {
    const { object } = admit();
    const changed = replicaSetManifest({ template: podTemplate('nginx:2') });
    assert.deepEqual(admitUpdate(replicaSetKind, changed, object).errors, []);
    const moved = replicaSetManifest({
      selector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'app', operator: 'Exists' }] },
    });
    assert.deepEqual(admitUpdate(replicaSetKind, moved, object).errors, [
      'spec.selector: Invalid value: {"matchLabels":{"app":"web"},"matchExpressions":[{"key":"app","operator":"Exists"}]}: field is immutable',
    ]);
  });

  it('is shown as kubectl shows it, with its selector as text', () => {
    const selector = {
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'NotIn', values: ['b', 'a'] },
        { key: 'aside', operator: 'DoesNotExist' },
        { key: 'app', operator: 'Exists' },
      ],
    };
    const { object } = admit({ replicas: 3, selector });
    const status = { replicas: 2, readyReplicas: 1 };
    const row = replicaSetKind.row({ ...object, status } as ReplicaSet, 0);
    assert.deepEqual(row, ['web', 3, 2, 1, '<unknown>', 'app', 'nginx:1.27', 'app=web,app,!aside,tier notin (a,b)']);
  });
});
