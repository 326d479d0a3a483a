import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { serviceAccounts } from '../../api/resources.ts';
import { openRegistry, pod, podKind, type RegistryFixture, writeContext } from '../../testing/registry.ts';
import { systemUser } from '../identity.ts';
import { createLocalClient } from '../local-client.ts';
import { admission } from './admission.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';

describe('a new pod and its service account', () => {
  let fixture: RegistryFixture;
  beforeEach(async () => {
    fixture = await openRegistry({ admission });
  });

  const account = (name: string, more: object = {}) =>
    createLocalClient(fixture.registry, systemUser('tester')).create(serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { namespace: 'default', name },
      ...more,
    });
  const create = async (spec: object = {}, dryRun = false): Promise<Pod> =>
    (await fixture.registry.create(podKind, 'default', pod('a', spec), writeContext({ dryRun }))) as Pod;

  it('gets the token of the account default, made on the spot when it is missing', async () => {
    const { spec } = await create();
    assert.deepEqual([spec.serviceAccountName, spec.serviceAccount], ['default', 'default']);
    const [volume] = spec.volumes ?? [];
    assert.match(volume?.name ?? '', /^kube-api-access-[a-z0-9]{5}$/);
    assert.deepEqual(spec.containers[0]?.volumeMounts, [{ name: volume?.name, readOnly: true, mountPath }]);
    assert.deepEqual(volume?.projected, {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    });
  });

  for (const [podValue, accountValue, isMounted] of [
    [undefined, undefined, true],
    [undefined, true, true],
    [undefined, false, false],
    [true, undefined, true],
    [true, true, true],
    [true, false, true],
    [false, undefined, false],
    [false, true, false],
    [false, false, false],
  ] as const) {
    it(`${isMounted ? 'gets' : 'does not get'} a token when the pod says ${podValue} and the account ${accountValue}`, async () => {
      await account('robot', accountValue === undefined ? {} : { automountServiceAccountToken: accountValue });
      const { spec } = await create({
        serviceAccountName: 'robot',
        ...(podValue === undefined ? {} : { automountServiceAccountToken: podValue }),
      });
      assert.equal((spec.volumes ?? []).length, isMounted ? 1 : 0);
      assert.equal((spec.containers[0]?.volumeMounts ?? []).length, isMounted ? 1 : 0);
    });
  }

  it('is refused when the account does not exist', async () => {
    await assert.rejects(create({ serviceAccountName: 'nobody' }), {
      reason: 'Forbidden',
      message:
        'pods "a" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
    });
  });

  it('keeps what it mounts at the place of the token itself', async () => {
    const own = { name: 'own', mountPath };
    const { spec } = await create({
      initContainers: [{ name: 'init', image: 'busybox' }],
      containers: [{ name: 'main', image: 'busybox', volumeMounts: [own] }],
      volumes: [{ name: 'own', emptyDir: {} }],
    });
    assert.deepEqual(spec.containers[0]?.volumeMounts, [own]);
    assert.equal(spec.initContainers?.[0]?.volumeMounts?.length, 1);
    assert.equal(spec.volumes?.length, 2);
  });

  it('gets no second volume when a copy of another pod is made', async () => {
    const { spec } = await create({
      containers: [{ name: 'main', image: 'busybox', volumeMounts: [{ name: 'kube-api-access-abcde', mountPath }] }],
      volumes: [{ name: 'kube-api-access-abcde', emptyDir: {} }],
    });
    assert.equal(spec.volumes?.length, 1);
  });

  it('takes the pull secrets of the account unless it has its own', async () => {
    await account('puller', { imagePullSecrets: [{ name: 'registry' }] });
    assert.deepEqual((await create({ serviceAccountName: 'puller' }, true)).spec.imagePullSecrets, [
      { name: 'registry' },
    ]);
    const own = await create({ serviceAccountName: 'puller', imagePullSecrets: [{ name: 'mine' }] });
    assert.deepEqual(own.spec.imagePullSecrets, [{ name: 'mine' }]);
  });

  it('makes no account in a dry run', async () => {
    assert.equal((await create({}, true)).spec.volumes?.length, 1);
    const client = createLocalClient(fixture.registry, systemUser('tester'));
    assert.equal((await client.list(serviceAccounts)).items.length, 0);
  });

  it('is told what else is wrong with it', async () => {
    await assert.rejects(create({ containers: [] }), { reason: 'Invalid', message: /spec.containers: Required value/ });
    await assert.rejects(create({ containers: undefined, volumes: [{}] }), { reason: 'Invalid' });
  });
});
