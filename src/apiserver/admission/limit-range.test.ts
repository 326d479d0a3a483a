import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { limitRanges, namespaces } from '../../api/resources.ts';
import { openRegistry, pod, podKind, type RegistryFixture, writeContext } from '../../testing/registry.ts';
import { systemUser } from '../identity.ts';
import { createLocalClient } from '../local-client.ts';
import { admitLimitRange, checkLimitRange } from './limit-range.ts';

describe('a new pod and the limit ranges of its namespace', () => {
  let fixture: RegistryFixture;
  let client: ObjectClient;
  beforeEach(async () => {
    fixture = await openRegistry({ admission: [admitLimitRange], admissionChecks: [checkLimitRange] });
    client = createLocalClient(fixture.registry, systemUser('tester'));
  });
  const add = (name: string, item: object, namespace = 'default') =>
    client.create(limitRanges, {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name, namespace },
      spec: { limits: [{ type: 'Container', ...item }] },
    });
  const create = async (resources: object): Promise<Pod> => {
    const spec = { containers: [{ name: 'main', image: 'busybox', resources }] };
    return (await fixture.registry.create(podKind, 'default', pod('a', spec), writeContext())) as Pod;
  };

  it('has their defaults, and the quality of service that follows from them', async () => {
    await add('bounds', { default: { cpu: '1', memory: '1Gi' } });
    const made = await create({});
    const both = { cpu: '1', memory: '1Gi' };
    assert.deepEqual(made.spec.containers[0]?.resources, { limits: both, requests: both });
    assert.equal(made.status.qosClass, 'Guaranteed');
  });

  it('is found invalid before it is found outside of bounds', async () => {
    await add('bounds', { max: { cpu: '1' } });
    await assert.rejects(create({ requests: { cpu: '2' } }), {
      reason: 'Invalid',
      message: /must be less than or equal to cpu limit of 1/,
    });
  });

  it('is refused outside of the bounds of one of them, with all that is wrong', async () => {
    await add('a-loose', { max: { cpu: '8' } });
    await add('b-tight', { max: { cpu: '1', memory: '1Gi' } });
    const limits = { cpu: '2', memory: '1Gi' };
    await assert.rejects(create({ limits }), {
      reason: 'Forbidden',
      message: 'pods "a" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
    });
    await assert.rejects(create({ limits: { cpu: '2', memory: '2Gi' } }), {
      message:
        'pods "a" is forbidden: [maximum cpu usage per Container is 1, but limit is 2, maximum memory usage per Container is 1Gi, but limit is 2Gi]',
    });
  });

  it('has nothing to do with those of other namespaces', async () => {
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
    await add('bounds', { min: { cpu: '1' } }, 'other');
    assert.deepEqual((await create({})).spec.containers[0]?.resources, {});
  });
});
