import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { preparePodForStatusUpdate } from './status-update.ts';
import type { Pod } from './types.ts';

const podWith = (status: object, metadata: object = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', ...metadata },
    spec: { containers: [] },
    status,
  }) as unknown as Pod;
const written = (next: object, previous: object): object =>
  preparePodForStatusUpdate(podWith(next), podWith(previous)).status;

describe('a write to the status of a pod', () => {
  it('keeps the QoS class and the observed generation that it leaves out', () => {
    assert.deepEqual(written({ phase: 'Running' }, { qosClass: 'Burstable', observedGeneration: 3 }), {
      phase: 'Running',
      qosClass: 'Burstable',
      observedGeneration: 3,
    });
    assert.deepEqual(written({ observedGeneration: 4 }, { observedGeneration: 3 }), { observedGeneration: 4 });
    assert.deepEqual(written({}, {}), {});
  });

  it('keeps the observed generation of each condition', () => {
    const before = { conditions: [{ type: 'Ready', status: 'False', observedGeneration: 2 }] };
    const conditions = [
      { type: 'Ready', status: 'True' },
      { type: 'Initialized', status: 'True' },
    ];
    assert.deepEqual(written({ conditions }, before), {
      conditions: [
        { type: 'Ready', status: 'True', observedGeneration: 2 },
        { type: 'Initialized', status: 'True' },
      ],
    });
  });

  it('changes no owners', () => {
    const owners = (name: string) => ({ ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: '1' }] });
    const kept = preparePodForStatusUpdate(podWith({}, owners('new')), podWith({}, owners('old')));
    assert.equal(kept.metadata.ownerReferences?.[0]?.name, 'old');
    const none = preparePodForStatusUpdate(podWith({}, owners('new')), podWith({}));
    assert.ok(!('ownerReferences' in none.metadata));
  });
});
