import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { preparePodForStatusUpdate } from './status-update.ts';
import type { Pod } from './types.ts';

const podWith = (status: object): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
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
});
