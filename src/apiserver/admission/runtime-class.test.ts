import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { runtimeClasses } from '../../api/resources.ts';
import { openRegistry, pod, podKind, type RegistryFixture, writeContext } from '../../testing/registry.ts';
import { systemUser } from '../identity.ts';
import { createLocalClient } from '../local-client.ts';
import { admitRuntimeClass } from './runtime-class.ts';

describe('a new pod and its runtime class', () => {
  let fixture: RegistryFixture;
  beforeEach(async () => {
    fixture = await openRegistry({ admission: [admitRuntimeClass] });
    const client = createLocalClient(fixture.registry, systemUser('tester'));
    const add = (name: string, more: object = {}) =>
      client.create(runtimeClasses, {
        apiVersion: 'node.k8s.io/v1',
        kind: 'RuntimeClass',
        metadata: { name },
        handler: 'runc',
        ...more,
      });
    await add('plain');
    await add('heavy', { overhead: { podFixed: { cpu: '10m', memory: '1Mi' } } });
    await add('picky', {
      scheduling: { nodeSelector: { zone: 'a' }, tolerations: [{ key: 'gpu', operator: 'Exists' }] },
    });
  });
  const create = async (spec: object): Promise<Pod['spec']> =>
    ((await fixture.registry.create(podKind, 'default', pod('a', spec), writeContext())) as Pod).spec;

  it('takes nothing over from a class that says nothing', async () => {
    const spec = await create({ runtimeClassName: 'plain' });
    assert.deepEqual([spec.overhead, spec.nodeSelector, spec.tolerations], [undefined, undefined, undefined]);
  });

  it('takes its overhead over, and may only repeat it', async () => {
    assert.deepEqual((await create({ runtimeClassName: 'heavy' })).overhead, { cpu: '10m', memory: '1Mi' });
    await assert.rejects(create({ runtimeClassName: 'heavy', overhead: { cpu: '1' } }), {
      reason: 'Forbidden',
      message: `pods "a" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead`,
    });
    await assert.rejects(create({ overhead: { cpu: '1' } }), /Pod Overhead set without corresponding RuntimeClass/);
  });

  it('takes selector and tolerations over, unless they contradict its own', async () => {
    const spec = await create({ runtimeClassName: 'picky', nodeSelector: { disk: 'ssd' } });
    assert.deepEqual(spec.nodeSelector, { disk: 'ssd', zone: 'a' });
    assert.deepEqual(spec.tolerations, [{ key: 'gpu', operator: 'Exists' }]);
    await assert.rejects(create({ runtimeClassName: 'picky', nodeSelector: { zone: 'b' } }), /pod rejected: conflict/);
  });

  it('is refused when there is no such class', async () => {
    await assert.rejects(create({ runtimeClassName: 'nope' }), {
      reason: 'Forbidden',
      message: 'pods "a" is forbidden: pod rejected: RuntimeClass "nope" not found',
    });
  });
});
