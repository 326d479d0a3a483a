import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { toPortable, whyItStays } from './portable-object.ts';

const object = (kind: string, name: string, change: object = {}, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, ...metadata },
  ...change,
});

describe('an object', () => {
  for (const { what, given, stays } of [
    { what: 'that somebody made', given: object('ConfigMap', 'colours') },
    {
      what: 'that has an owner',
      given: object('ReplicaSet', 'web-1', {}, { ownerReferences: [{ name: 'web' }] }),
      stays: 'Owned',
    },
    {
      what: 'that a source brought',
      given: object('Pod', 'a', {}, { labels: { 'eliot.run/source': 'manifests' } }),
      stays: 'Source',
    },
    { what: 'that is being deleted', given: object('Pod', 'a', {}, { deletionTimestamp: 'now' }), stays: 'Ending' },
    {
      what: 'that is a pod which has done its work',
      given: object('Pod', 'a', { status: { phase: 'Succeeded' } }),
      stays: 'Finished',
    },
    { what: 'that is a pod which runs', given: object('Pod', 'a', { status: { phase: 'Running' } }) },
    { what: 'that is the CA of the device', given: object('ConfigMap', 'kube-root-ca.crt'), stays: 'System' },
    { what: 'that is an account of every namespace', given: object('ServiceAccount', 'default'), stays: 'System' },
    {
      what: 'that is such an account with a role',
      given: object('ServiceAccount', 'default', {}, { annotations: { 'eliot.run/role': 'view' } }),
    },
    {
      what: 'that is a namespace of every device',
      given: object('Namespace', 'default', {}, { labels: { 'kubernetes.io/metadata.name': 'default' } }),
      stays: 'System',
    },
    {
      what: 'that is such a namespace with a label',
      given: object('Namespace', 'default', {}, { labels: { team: 'red' } }),
    },
    { what: 'that is a namespace of its own', given: object('Namespace', 'radio') },
    {
      what: 'that is a priority of every Kubernetes',
      given: object('PriorityClass', 'system-node-critical'),
      stays: 'System',
    },
    {
      what: 'that is a token',
      given: object('Secret', 'a', { type: 'kubernetes.io/service-account-token' }),
      stays: 'System',
    },
  ]) {
    it(`${stays ? 'stays' : 'goes along'} ${what}`, () => assert.equal(whyItStays(given), stays));
  }
});

describe('what goes along', () => {
  it('has nothing that the device made of it', () => {
    const portable = toPortable(
      object(
        'Deployment',
        'web',
        { spec: { replicas: 2 }, status: { replicas: 2 } },
        {
          namespace: 'radio',
          uid: 'u',
          resourceVersion: '7',
          generation: 3,
          creationTimestamp: 'then',
          managedFields: [{}],
          labels: { app: 'web' },
          annotations: {
            'deployment.kubernetes.io/revision': '3',
            'kubectl.kubernetes.io/last-applied-configuration': '{}',
            why: 'so',
          },
        },
      ),
    );
    assert.deepEqual(portable, {
      apiVersion: 'v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'radio', labels: { app: 'web' }, annotations: { why: 'so' } },
      spec: { replicas: 2 },
    });
  });

  it('is a pod without its node, its token and the number of its priority', () => {
    const token = { name: 'kube-api-access-x1y2z', mountPath: '/var/run' };
    const portable = toPortable(
      object('Pod', 'web', {
        spec: {
          nodeName: 'old',
          priority: 0,
          preemptionPolicy: 'PreemptLowerPriority',
          ephemeralContainers: [{ name: 'debug' }],
          initContainers: [{ name: 'init', volumeMounts: [token] }],
          containers: [{ name: 'main', volumeMounts: [{ name: 'data', mountPath: '/data' }, token] }, { name: 'bare' }],
          volumes: [{ name: 'data' }, { name: token.name }],
        },
      }),
    );
    assert.deepEqual(JSON.parse(JSON.stringify(portable['spec'])), {
      initContainers: [{ name: 'init' }],
      containers: [{ name: 'main', volumeMounts: [{ name: 'data', mountPath: '/data' }] }, { name: 'bare' }],
      volumes: [{ name: 'data' }],
    });
  });

  it('is a pod without the account and the tolerations that every pod is given', () => {
    const given = (key: string) => ({
      key: `node.kubernetes.io/${key}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    });
    const own = { key: 'hot', operator: 'Exists' };
    const specOf = (spec: object): unknown => toPortable(object('Pod', 'web', { spec }))['spec'];
    const all = [given('not-ready'), own, given('unreachable')];
    const account = { serviceAccountName: 'default', serviceAccount: 'default' };
    assert.deepEqual(JSON.parse(JSON.stringify(specOf({ ...account, tolerations: all }))), { tolerations: [own] });
    const robot = { serviceAccountName: 'robot', serviceAccount: 'robot', tolerations: [given('not-ready')] };
    assert.deepEqual(JSON.parse(JSON.stringify(specOf(robot))), { serviceAccountName: 'robot' });
  });
});
