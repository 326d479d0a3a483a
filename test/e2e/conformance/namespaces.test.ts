/** Conformance: namespaces. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Namespace } from '../../../src/api/kinds/namespace.ts';
import { namespaces } from '../../../src/api/resources.ts';
import { rawApi } from '../../support/raw-api.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';
import { waitFor } from '../../support/wait.ts';

describe('conformance: namespaces', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start();
  });
  after(() => on?.close());

  const create = (name: string) =>
    on.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const get = (name: string) => on.client.get<Namespace>(namespaces, { name });

  it('namespace/finalizer: another finalizer is put on, holds the namespace, and is taken off', async () => {
    await create('held');
    const finalizers = async (change: (before: readonly string[]) => readonly string[]): Promise<void> => {
      const namespace = await get('held');
      const spec = { ...namespace.spec, finalizers: [...change(namespace.spec.finalizers ?? [])] };
      const answer = await rawApi(on.device, '/api/v1/namespaces/held/finalize', {
        method: 'PUT',
        body: { ...namespace, spec },
      });
      assert.equal(answer.code, 200);
      assert.deepEqual(answer.json.spec.finalizers, spec.finalizers);
    };
    await finalizers((before) => [...before, 'e2e.example.com/fake']);
    assert.deepEqual((await get('held')).spec.finalizers, ['kubernetes', 'e2e.example.com/fake']);
    await on.client.delete(namespaces, { name: 'held' });
    await waitFor('only the other finalizer', async () => {
      const { spec, status } = await get('held');
      return status.phase === 'Terminating' && spec.finalizers?.join() === 'e2e.example.com/fake';
    });
    await finalizers(() => []);
    await assert.rejects(get('held'), { reason: 'NotFound' });
  });

  it('namespace/update: a PUT with another label is stored', async () => {
    await create('updated');
    const namespace = await get('updated');
    const metadata = { ...namespace.metadata, labels: { ...namespace.metadata.labels, updated: 'yes' } };
    const answered = await on.client.update(namespaces, { ...namespace, metadata });
    assert.equal(answered.metadata.labels?.['updated'], 'yes');
    assert.deepEqual((await get('updated')).metadata.labels, {
      'kubernetes.io/metadata.name': 'updated',
      updated: 'yes',
    });
  });

  it('namespace/patch: a patch with another label is stored', async () => {
    await create('patched');
    const patch = { metadata: { labels: { testLabel: 'testValue' } } };
    const answered = await on.client.patch<Namespace>(namespaces, { name: 'patched' }, 'strategic', patch);
    assert.equal(answered.metadata.labels?.['testLabel'], 'testValue');
    assert.equal((await get('patched')).metadata.labels?.['testLabel'], 'testValue');
  });

  it('namespace/status: conditions are patched and replaced, and stay', async () => {
    await create('status');
    assert.equal((await get('status')).status.phase, 'Active');
    const condition = (reason: string) => ({ type: 'StatusPatch', status: 'True', reason, message: 'set by a test' });
    const write = { subresource: 'status' };
    const patch = { status: { conditions: [condition('E2E')] } };
    await on.client.patch(namespaces, { name: 'status' }, 'merge', patch, write);
    const patched = await get('status');
    assert.deepEqual(
      patched.status.conditions?.map(({ reason }) => reason),
      ['E2E'],
    );
    const conditions = [...(patched.status.conditions ?? []), { ...condition('Put'), type: 'StatusUpdate' }];
    await on.client.update(namespaces, { ...patched, status: { ...patched.status, conditions } }, write);
    const { status } = await get('status');
    assert.deepEqual(
      status.conditions?.map(({ reason }) => reason),
      ['E2E', 'Put'],
    );
    assert.equal(status.phase, 'Active');
  });

  it('namespace/delete-removes-pods: pods end with their namespace, and the next of its name is empty', async () => {
    await create('doomed');
    await on.running({ metadata: { namespace: 'doomed' }, line: 'sleep 3600' });
    await on.client.delete(namespaces, { name: 'doomed' });
    const { status } = await get('doomed').catch(() => ({ status: { phase: 'Terminating' } }));
    assert.equal(status.phase, 'Terminating');
    const late = await on.device.kubectl(['create', 'configmap', 'late', '-n', 'doomed']);
    assert.match(late.stderr, /(?:because it is being terminated|namespaces "doomed" not found)/);
    await waitFor('the end of the namespace', () =>
      get('doomed').then(
        () => false,
        (error) => error.reason === 'NotFound',
      ),
    );
    await create('doomed');
    assert.equal((await on.device.kubectlOk(['get', 'pods', '-n', 'doomed', '-o', 'name'])).stdout, '');
  });
});
