import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { PodDisruptionBudget } from '../../api/kinds/pod-disruption-budget.ts';
import type { DeleteOptions, ObjectClient } from '../../api/object-client.ts';
import { podDisruptionBudgets, pods } from '../../api/resources.ts';
import { isStatusError, type StatusError } from '../../lib/status-error.ts';
import { openRegistry, pod, type RegistryFixture, writeContext } from '../../testing/registry.ts';
import { systemUser } from '../identity.ts';
import { createLocalClient } from '../local-client.ts';

const key = { namespace: 'default', name: 'a' };
const violation = "Cannot evict pod as it would violate the pod's disruption budget.";

describe('evicting a pod', () => {
  let fixture: RegistryFixture;
  let client: ObjectClient;
  beforeEach(async () => {
    fixture = await openRegistry();
    client = createLocalClient(fixture.registry, systemUser('tester'));
  });

  const makePod = async (phase = 'Running', ready = true): Promise<void> => {
    await client.create(pods, pod('a', {}, { namespace: 'default', labels: { app: 'web' } }) as Pod);
    const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
    await client.patch(pods, key, 'merge', { status: { phase, conditions } }, { subresource: 'status' });
  };
  const makeBudget = async (status: object, spec: object = {}, name = 'budget'): Promise<void> => {
    await client.create(podDisruptionBudgets, {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { namespace: 'default', name },
      spec: { selector: { matchLabels: { app: 'web' } }, minAvailable: 1, ...spec },
    });
    const counted = { observedGeneration: 1, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, ...status };
    const budgetKey = { namespace: 'default', name };
    await client.patch(podDisruptionBudgets, budgetKey, 'merge', { status: counted }, { subresource: 'status' });
  };
  const evict = (options: DeleteOptions = {}, dryRun = false) =>
    fixture.registry.evictPod({ key, options }, writeContext({ dryRun }));
  const current = (): Promise<Pod> => client.get<Pod>(pods, key);
  const budget = (): Promise<PodDisruptionBudget> =>
    client.get(podDisruptionBudgets, { namespace: 'default', name: 'budget' });
  const isEnding = async (): Promise<boolean> => (await current()).metadata.deletionTimestamp !== undefined;
  const refused = async (cause: string, retryAfterSeconds?: number): Promise<void> => {
    await assert.rejects(evict(), (error: StatusError) => {
      const causes = [{ reason: 'DisruptionBudget', message: cause }];
      assert.deepEqual([error.reason, error.message, error.code], ['TooManyRequests', violation, 429]);
      assert.deepEqual(error.details, retryAfterSeconds === undefined ? { causes } : { causes, retryAfterSeconds });
      return true;
    });
    assert.equal(await isEnding(), false);
  };

  it('deletes it gracefully, and says in its conditions why', async () => {
    await makePod();
    assert.equal(await evict({ gracePeriodSeconds: 7 }), 'Evicted');
    const { metadata, status } = await current();
    assert.equal(metadata.deletionGracePeriodSeconds, 7);
    const { lastTransitionTime: _, ...target } =
      status.conditions?.find(({ type }) => type === 'DisruptionTarget') ?? {};
    assert.deepEqual(target, {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
    });
  });

  it('takes one disruption of the budget that selects it', async () => {
    await makePod();
    await makeBudget({ disruptionsAllowed: 2 });
    await evict();
    const { status } = await budget();
    assert.deepEqual([status.disruptionsAllowed, status.disruptedPods], [1, { a: '2026-11-22T10:00:00Z' }]);
    assert.equal(await isEnding(), true);
  });

  it('takes the last one and says so', async () => {
    await makePod();
    await makeBudget({ disruptionsAllowed: 1 });
    await evict();
    const { status } = await budget();
    assert.equal(status.disruptionsAllowed, 0);
    assert.deepEqual(
      status.conditions?.map(({ type, status: value, reason }) => [type, value, reason]),
      [['DisruptionAllowed', 'False', 'InsufficientPods']],
    );
  });

  it('is refused while the budget is used up', async () => {
    await makePod();
    await makeBudget({ disruptionsAllowed: 0 });
    await refused('The disruption budget budget needs 1 healthy pods and has 1 currently');
  });

  it('is refused while the budget was not counted as it is now', async () => {
    await makePod();
    await makeBudget({ disruptionsAllowed: 1, observedGeneration: 0 });
    await refused('The disruption budget budget is still being processed by the server.', 10);
  });

  it('is refused with what went wrong when the budget could not be counted', async () => {
    await makePod();
    const failed = { type: 'DisruptionAllowed', status: 'False', lastTransitionTime: '2026-11-22T10:00:00Z' };
    const conditions = [{ ...failed, reason: 'SyncFailed', message: 'found no controllers for pod "a"' }];
    await makeBudget({ disruptionsAllowed: 0, conditions });
    await refused(
      'The disruption budget budget does not allow evicting pods currently because it failed sync: found no controllers for pod "a"',
    );
  });

  it('is refused when it must not be decided which of several budgets counts', async () => {
    await makePod();
    await makeBudget({ disruptionsAllowed: 1 });
    await makeBudget({ disruptionsAllowed: 1 }, { selector: {} }, 'all');
    assert.equal(await evict(), 'Ambiguous');
    assert.equal(await isEnding(), false);
  });

  it('asks only budgets of its namespace that select it', async () => {
    await makePod();
    await makeBudget({ disruptionsAllowed: 0 }, { selector: { matchLabels: { app: 'other' } } });
    await makeBudget({ disruptionsAllowed: 0 }, { selector: null }, 'none');
    assert.equal(await evict(), 'Evicted');
  });

  for (const phase of ['Pending', 'Succeeded', 'Failed']) {
    it(`asks nobody about a pod that is ${phase}`, async () => {
      await makePod(phase, false);
      await makeBudget({ disruptionsAllowed: 0 });
      assert.equal(await evict(), 'Evicted');
      assert.equal((await budget()).status.disruptedPods, undefined);
    });
  }

  for (const { what, status, spec, goes } of [
    { what: 'while enough others are healthy', status: {}, spec: {}, goes: true },
    { what: 'when too few are healthy', status: { currentHealthy: 0 }, spec: {}, goes: false },
    { what: 'when none must be healthy', status: { desiredHealthy: 0 }, spec: {}, goes: false },
    {
      what: 'in any case under AlwaysAllow',
      status: { currentHealthy: 0 },
      spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' },
      goes: true,
    },
    {
      what: 'as ever under IfHealthyBudget',
      status: { currentHealthy: 0 },
      spec: { unhealthyPodEvictionPolicy: 'IfHealthyBudget' },
      goes: false,
    },
  ]) {
    it(`${goes ? 'lets' : 'does not let'} a pod go that runs and is not ready, ${what}`, async () => {
      await makePod('Running', false);
      await makeBudget({ disruptionsAllowed: 0, ...status }, spec);
      const outcome = await evict().catch((error: unknown) => isStatusError(error, 'TooManyRequests') && 'Refused');
      assert.equal(outcome, goes ? 'Evicted' : 'Refused');
      assert.equal((await budget()).status.disruptedPods, undefined);
    });
  }

  it('changes nothing on a dry run, which is refused as the eviction would be', async () => {
    await makePod();
    await makeBudget({ disruptionsAllowed: 1 });
    assert.equal(await evict({}, true), 'Evicted');
    assert.equal(await isEnding(), false);
    assert.equal((await budget()).status.disruptionsAllowed, 1);
    assert.equal((await current()).status.conditions?.length, 1);
    await client.patch(
      podDisruptionBudgets,
      { namespace: 'default', name: 'budget' },
      'merge',
      { status: { disruptionsAllowed: 0 } },
      { subresource: 'status' },
    );
    await assert.rejects(evict({}, true), { reason: 'TooManyRequests' });
  });

  it('is of the very pod, and the very version, that was asked for', async () => {
    await makePod();
    await assert.rejects(evict({ preconditions: { uid: 'another' } }), { reason: 'Conflict' });
    await assert.rejects(evict({ preconditions: { resourceVersion: '1' } }), { reason: 'Conflict' });
    const { resourceVersion = '' } = (await current()).metadata;
    await evict({ preconditions: { resourceVersion } });
    assert.equal(await isEnding(), true);
  });

  it('takes nothing from a budget for another pod than the one that was asked for', async () => {
    await makePod();
    await makeBudget({ disruptionsAllowed: 1 });
    await assert.rejects(evict({ preconditions: { uid: 'another' } }), { reason: 'Conflict' });
    assert.equal((await budget()).status.disruptionsAllowed, 1);
  });

  it('gives each disruption once when two evict at the same time', async () => {
    await makePod();
    await makeBudget({ disruptionsAllowed: 1 });
    await client.create(pods, pod('b', {}, { namespace: 'default', labels: { app: 'web' } }) as Pod);
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    await client.patch(pods, { ...key, name: 'b' }, 'merge', { status }, { subresource: 'status' });
    const both = await Promise.allSettled(
      ['a', 'b'].map((name) => fixture.registry.evictPod({ key: { ...key, name }, options: {} }, writeContext())),
    );
    assert.deepEqual(both.map((result) => result.status).sort(), ['fulfilled', 'rejected']);
    assert.equal((await budget()).status.disruptionsAllowed, 0);
  });

  it('of a pod that is not there is NotFound', async () => {
    await assert.rejects(evict(), { reason: 'NotFound' });
  });
});
