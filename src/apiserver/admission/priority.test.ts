import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { pods, priorityClasses } from '../../api/resources.ts';
import { ensureSystemPriorityClasses } from '../../controllers/system-priority-classes.ts';
import { openRegistry, pod, podKind, type RegistryFixture, writeContext } from '../../testing/registry.ts';
import { systemUser } from '../identity.ts';
import { createLocalClient } from '../local-client.ts';
import { admitPriority } from './priority.ts';

let fixture: RegistryFixture;
let client: ObjectClient;
beforeEach(async () => {
  fixture = await openRegistry({ admission: [admitPriority] });
  client = createLocalClient(fixture.registry, systemUser('tester'));
  await ensureSystemPriorityClasses(client);
});
const add = (name: string, value: number, more: object = {}) =>
  client.create(priorityClasses, {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    value,
    ...more,
  });

describe('a new pod and its priority class', () => {
  const create = async (spec: object = {}): Promise<unknown> => {
    const made = (await fixture.registry.create(podKind, 'default', pod('a', spec), writeContext())) as Pod;
    return [made.spec.priorityClassName, made.spec.priority, made.spec.preemptionPolicy];
  };

  it('is of no importance when there is no class', async () => {
    assert.deepEqual(await create(), [undefined, 0, 'PreemptLowerPriority']);
  });

  it('is as important as its class says', async () => {
    await add('high', 1000, { preemptionPolicy: 'Never' });
    assert.deepEqual(await create({ priorityClassName: 'high' }), ['high', 1000, 'Never']);
  });

  it('is of the default class when it names none', async () => {
    await add('usual', 7, { globalDefault: true });
    assert.deepEqual(await create(), ['usual', 7, 'PreemptLowerPriority']);
  });

  it('may be critical to the system, in any namespace', async () => {
    assert.deepEqual(await create({ priorityClassName: 'system-node-critical' }), [
      'system-node-critical',
      2_000_001_000,
      'PreemptLowerPriority',
    ]);
  });

  it('is refused when there is no such class', async () => {
    await assert.rejects(create({ priorityClassName: 'nope' }), {
      reason: 'Forbidden',
      message: 'pods "a" is forbidden: no PriorityClass with name nope was found',
    });
  });

  it('may repeat what its class says, and nothing else', async () => {
    await add('high', 1000);
    const high = { priorityClassName: 'high' };
    await assert.rejects(create({ ...high, priority: 5 }), {
      reason: 'Forbidden',
      message:
        'pods "a" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name',
    });
    await assert.rejects(create({ priority: 1 }), /\(1\) must not be provided in pod spec; .* computed 0 from/);
    await assert.rejects(create({ ...high, preemptionPolicy: 'Never' }), {
      reason: 'Forbidden',
      message:
        'pods "a" is forbidden: the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission controller computed PreemptLowerPriority from the given PriorityClass name',
    });
    assert.deepEqual(await create({ ...high, priority: 1000, preemptionPolicy: 'PreemptLowerPriority' }), [
      'high',
      1000,
      'PreemptLowerPriority',
    ]);
  });

  it('keeps what was computed when a write leaves it out', async () => {
    await add('high', 1000, { preemptionPolicy: 'Never' });
    await create({ priorityClassName: 'high' });
    const key = { namespace: 'default', name: 'a' };
    const { spec, ...rest } = await client.get<Pod>(pods, key);
    const { priority: _, preemptionPolicy: __, ...sent } = spec;
    const next = await client.update<Pod>(pods, {
      ...rest,
      metadata: { ...rest.metadata, labels: { a: 'b' } },
      spec: sent,
    } as Pod);
    assert.deepEqual(
      [next.spec.priority, next.spec.preemptionPolicy, next.metadata.labels],
      [1000, 'Never', { a: 'b' }],
    );
  });
});

describe('priority classes', () => {
  it('of the system are made once and cannot be deleted', async () => {
    await ensureSystemPriorityClasses(client);
    const { items } = await client.list(priorityClasses);
    assert.deepEqual(
      items.map(({ metadata }) => [metadata.name, metadata.generation]),
      [
        ['system-cluster-critical', 1],
        ['system-node-critical', 1],
      ],
    );
    await assert.rejects(client.delete(priorityClasses, { name: 'system-node-critical' }), {
      reason: 'Forbidden',
      message:
        'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted',
    });
    await add('mine', 1);
    await client.delete(priorityClasses, { name: 'mine' });
  });

  it('have at most one default', async () => {
    await add('first', 1, { globalDefault: true });
    const refused = (name: string): object => ({
      reason: 'Forbidden',
      message: `priorityclasses.scheduling.k8s.io "${name}" is forbidden: PriorityClass first is already marked as default. Only one default can exist`,
    });
    await assert.rejects(add('second', 2, { globalDefault: true }), refused('second'));
    await add('second', 2);
    const mark = (name: string, globalDefault: boolean) =>
      client.patch(priorityClasses, { name }, 'merge', { globalDefault });
    await assert.rejects(mark('second', true), refused('second'));
    await client.patch(priorityClasses, { name: 'first' }, 'merge', { description: 'still the default' });
    await mark('first', false);
    await mark('second', true);
  });
});
