import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import type { Entry } from '../../store/store.ts';
import { decodeEntry, encodeObject } from './entry-codec.ts';

const object: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'a',
    resourceVersion: '3',
    managedFields: [{ manager: 'kubectl' }, { manager: 'kubelet', subresource: 'status' }],
  },
  spec: { nodeName: 'device' },
  status: {
    phase: 'Running',
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'PodScheduled', status: 'True' },
    ],
    containerStatuses: [{ name: 'main', ready: true, started: true, restartCount: 2 }],
  },
};
const entry = (parts: Partial<Entry>): Entry => ({
  key: '/k',
  intent: undefined,
  observation: undefined,
  observationIsFromEarlierBoot: false,
  createRevision: 1,
  revision: 7,
  ...parts,
});

describe('an object in the store', () => {
  for (const storage of ['intent', 'split', 'observation'] as const) {
    it(`comes back as it was, with the revision of its entry (${storage})`, () => {
      const parts = encodeObject({ storage }, object);
      const back = decodeEntry({ storage }, entry(parts));
      assert.deepEqual(back, { ...object, metadata: { ...object.metadata, resourceVersion: '7' } });
    });
  }

  it('has the status of a new object while nothing has been seen since the boot', () => {
    const { intent = '' } = encodeObject({ storage: 'split' }, object);
    const back = decodeEntry({ storage: 'split', initialStatus: { phase: 'Pending' } }, entry({ intent }));
    assert.deepEqual(back['status'], { phase: 'Pending' });
    assert.deepEqual(decodeEntry({ storage: 'split' }, entry({ intent }))['status'], {});
    assert.equal(decodeEntry({ storage: 'intent' }, entry({ intent }))['status'], undefined);
  });

  it('keeps what was asked for apart from what was seen, owners of fields included', () => {
    const { intent = '', observation = '' } = encodeObject({ storage: 'split' }, object);
    assert.deepEqual(JSON.parse(intent).metadata.managedFields, [{ manager: 'kubectl' }]);
    assert.equal(JSON.parse(intent).status, undefined);
    assert.deepEqual(JSON.parse(observation).managedFields, [{ manager: 'kubelet', subresource: 'status' }]);
    assert.ok(!intent.includes('resourceVersion'));
  });

  it('writes no observation when nothing has been seen', () => {
    const { status: _, ...unseen } = object;
    const parts = encodeObject({ storage: 'split' }, { ...unseen, metadata: { name: 'a' } });
    assert.equal(parts.observation, undefined);
  });

  it('is ready no more after a boot, but what happened to it stays', () => {
    const parts = encodeObject({ storage: 'split' }, object);
    const back = decodeEntry({ storage: 'split' }, entry({ ...parts, observationIsFromEarlierBoot: true }));
    assert.deepEqual(back['status'], {
      phase: 'Running',
      conditions: [
        { type: 'Ready', status: 'False' },
        { type: 'PodScheduled', status: 'True' },
      ],
      containerStatuses: [{ name: 'main', ready: false, started: false, restartCount: 2 }],
    });
  });
});
