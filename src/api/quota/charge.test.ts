import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod } from '../../testing/pods.ts';
import { formatQuantity } from '../quantity.ts';
import { countNames, podCharge, unspecified } from './charge.ts';

const container = (name: string, requests?: object, limits?: object): object => ({
  name,
  image: 'i',
  resources: { ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) },
});
const chargeOf = (spec: object, status?: object): object =>
  Object.fromEntries(
    [...podCharge(makePod({ spec, ...(status ? { status } : {}) }))].map(([name, amount]) => [
      name,
      formatQuantity(amount),
    ]),
  );

describe('what a pod counts for', () => {
  it('is itself and what it asks for, under every name that quotas have for it', () => {
    const asked = { cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi' };
    const spec = {
      containers: [
        container('a', { ...asked, 'example.com/camera': '2', 'hugepages-2Mi': '4Mi' }, { cpu: '1', memory: '1Gi' }),
        container('b', { cpu: '100m' }),
      ],
    };
    assert.deepEqual(chargeOf(spec), {
      'count/pods': '1',
      pods: '1',
      cpu: '600m',
      'requests.cpu': '600m',
      memory: '252Mi',
      'requests.memory': '252Mi',
      'ephemeral-storage': '30Gi',
      'requests.ephemeral-storage': '30Gi',
      'requests.example.com/camera': '2',
      'hugepages-2Mi': '4Mi',
      'requests.hugepages-2Mi': '4Mi',
      'limits.cpu': '1',
      'limits.memory': '1Gi',
    });
  });

  for (const phase of ['Succeeded', 'Failed']) {
    it(`is its being there once it has ${phase}`, () => {
      assert.deepEqual(chargeOf({ containers: [container('a', { cpu: '1' })] }, { phase }), { 'count/pods': '1' });
    });
  }

  it('stays the same while it is being deleted', () => {
    const deletionTimestamp = '1970-01-01T00:00:00Z';
    const pod = makePod({ metadata: { deletionTimestamp, deletionGracePeriodSeconds: 1 } });
    assert.deepEqual([...podCharge(pod).keys()], ['count/pods', 'pods']);
  });
});

describe('the names under which objects count', () => {
  it('have the group, and some of the core group have one of their own too', () => {
    assert.deepEqual(countNames({ group: '', resource: 'secrets' }), ['count/secrets', 'secrets']);
    assert.deepEqual(countNames({ group: '', resource: 'serviceaccounts' }), ['count/serviceaccounts']);
    assert.deepEqual(countNames({ group: 'apps', resource: 'replicasets' }), ['count/replicasets.apps']);
  });
});

describe('what a pod must say when CPU or memory is bounded', () => {
  it('is a value for each container', () => {
    const pod = makePod({
      spec: {
        containers: [container('web'), container('log', { cpu: '1' }, { cpu: '1' })],
        initContainers: [container('init', { memory: '1Mi' })],
      },
    });
    assert.equal(
      unspecified(pod, ['requests.memory', 'limits.cpu', 'pods', 'ephemeral-storage']),
      'must specify limits.cpu for: init,web; requests.memory for: log,web',
    );
    assert.equal(unspecified(pod, ['pods', 'requests.ephemeral-storage', 'requests.example.com/camera']), undefined);
  });

  it('may be said for all of them together', () => {
    const pod = makePod({ spec: { containers: [container('web')], resources: { requests: { cpu: '1' } } } });
    assert.equal(unspecified(pod, ['memory']), undefined);
  });
});
