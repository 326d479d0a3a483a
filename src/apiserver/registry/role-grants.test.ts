import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { ObjectClient } from '../../api/object-client.ts';
import { deployments, pods, serviceAccounts } from '../../api/resources.ts';
import { openRegistry, pod, type RegistryFixture } from '../../testing/registry.ts';
import { developersGroup, systemUser, type UserInfo } from '../identity.ts';
import { createLocalClient } from '../local-client.ts';
import { checkMayActAs } from './role-grants.ts';

const developer: UserInfo = { username: 'dev', groups: [developersGroup] };

const account = (name: string, role?: string): object => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: 'default', ...(role ? { annotations: { 'eliot.run/role': role } } : {}) },
});

const deployment = (serviceAccountName: string, image = 'busybox'): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { serviceAccountName, containers: [{ name: 'main', image }] },
    },
  },
});

describe('the roles of service accounts, before a developer', () => {
  let fixture: RegistryFixture;
  let master: ObjectClient;
  let dev: ObjectClient;
  beforeEach(async () => {
    fixture = await openRegistry();
    master = createLocalClient(fixture.registry, systemUser('ann'));
    dev = createLocalClient(fixture.registry, developer);
    await master.create(serviceAccounts, account('default'));
    await master.create(serviceAccounts, account('operator', 'cluster-admin'));
    await master.create(serviceAccounts, account('deployer', 'edit'));
  });

  const key = (name: string) => ({ namespace: 'default', name });
  const annotate = (name: string, role: string | null) =>
    dev.patch(serviceAccounts, key(name), 'merge', { metadata: { annotations: { 'eliot.run/role': role } } });
  const create = (name: string, serviceAccountName: string) =>
    dev.create(pods, pod(name, { serviceAccountName }, { namespace: 'default' }));
  const tooMuch = {
    reason: 'Forbidden',
    message: /service account "operator" has the role cluster-admin, which is more than that of user "dev"/,
  };

  it('are given up to his own and no higher', async () => {
    await dev.create(serviceAccounts, account('ci', 'edit'));
    await annotate('default', 'view');
    await assert.rejects(annotate('default', 'cluster-admin'), {
      reason: 'Forbidden',
      message:
        'serviceaccounts "default" is forbidden: User "dev" cannot grant the role cluster-admin, which is more than its own',
    });
    await assert.rejects(dev.create(serviceAccounts, account('root', 'cluster-admin')), { reason: 'Forbidden' });
    const apply = dev.patch(serviceAccounts, key('root'), 'apply', account('root', 'cluster-admin'), {
      fieldManager: 'x',
    });
    await assert.rejects(apply, { reason: 'Forbidden' });
  });

  it('may be taken away, and what has one may be changed otherwise', async () => {
    await dev.patch(serviceAccounts, key('operator'), 'merge', { metadata: { labels: { team: 'red' } } });
    await annotate('operator', null);
    await assert.rejects(annotate('operator', 'cluster-admin'), { reason: 'Forbidden' });
  });

  it('are not reached by a pod, nor by what makes pods', async () => {
    await create('mine', 'deployer');
    await assert.rejects(create('theirs', 'operator'), tooMuch);
    await assert.rejects(dev.create(deployments, deployment('operator')), tooMuch);
    await annotateDefault('cluster-admin');
    await assert.rejects(dev.create(pods, pod('unnamed', {}, { namespace: 'default' })), {
      message: /service account "default" has the role cluster-admin/,
    });
    await create('still', 'deployer');
    await dev.create(deployments, deployment('deployer'));
  });

  const annotateDefault = (role: string) =>
    master.patch(serviceAccounts, key('default'), 'merge', { metadata: { annotations: { 'eliot.run/role': role } } });

  it('are not reached by other code in what runs with one, which may be scaled and labelled', async () => {
    await master.create(deployments, deployment('operator'));
    const patch = (body: object, subresource?: string) =>
      dev.patch(deployments, key('web'), 'strategic', body, subresource ? { subresource } : {});
    await patch({ metadata: { labels: { team: 'red' } }, spec: { replicas: 3 } });
    const containers = [{ name: 'main', image: 'evil' }];
    await assert.rejects(patch({ spec: { template: { spec: { containers } } } }), tooMuch);
    await master.create(pods, pod('op', { serviceAccountName: 'operator' }, { namespace: 'default' }));
    const image = dev.patch(pods, key('op'), 'strategic', { spec: { containers } });
    await assert.rejects(image, tooMuch);
  });

  it('are not reached by entering a pod, nor by asking for a token', async () => {
    await master.create(pods, pod('op', { serviceAccountName: 'operator' }, { namespace: 'default' }));
    const { registry } = fixture;
    const running = await master.get(pods, key('op'));
    await assert.rejects(registry.checkMayEnter(running, developer), tooMuch);
    await registry.checkMayEnter(running, systemUser('ann'));
    const kind = { group: '', kind: 'ServiceAccount', resource: 'serviceaccounts' } as never;
    assert.throws(() => checkMayActAs(kind, account('operator', 'cluster-admin') as never, developer), tooMuch);
    checkMayActAs(kind, account('deployer', 'edit') as never, developer);
  });
});
