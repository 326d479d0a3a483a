import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConfigMap } from '../../api/kinds/config-map.ts';
import type { Secret } from '../../api/kinds/secret.ts';
import { makePod } from '../../testing/pods.ts';
import { ContainerConfigError, containerEnv } from './container-env.ts';

const config = { data: { greeting: 'hello', 'with.dot': 'x' } } as unknown as ConfigMap;
const secret = { data: { password: Buffer.from('pässword').toString('base64') } } as unknown as Secret;
const sources = {
  configMap: (_namespace: string, name: string) => (name === 'conf' ? config : undefined),
  secret: (_namespace: string, name: string) => (name === 'sec' ? secret : undefined),
};
const facts = { podIPs: ['10.85.0.2', 'fd00::2'], hostIPs: ['192.0.2.7'], allocatable: { cpu: '2', memory: '1Gi' } };

function envOf(container: object, pod: object = {}): Record<string, string> {
  const made = makePod({
    ...pod,
    spec: { serviceAccountName: 'robot', containers: [{ name: 'web', image: 'a', ...container }] },
  });
  const [first] = made.spec.containers;
  assert.ok(first);
  return Object.fromEntries(containerEnv(made, first, sources, facts));
}

describe('the environment of a container', () => {
  it('refers to variables defined before', () => {
    const env = [
      { name: 'A', value: 'a' },
      { name: 'B', value: '$(A)$(C)' },
      { name: 'C', value: 'c' },
    ];
    assert.deepEqual(envOf({ env }), { A: 'a', B: 'a$(C)', C: 'c' });
  });

  it('begins with those of the API, which others may refer to and replace', () => {
    const apiVariables = new Map([
      ['KUBERNETES_SERVICE_HOST', '10.85.0.1'],
      ['KUBERNETES_SERVICE_PORT', '6443'],
    ]);
    const pod = makePod({
      spec: {
        containers: [
          {
            name: 'web',
            image: 'a',
            env: [
              { name: 'API', value: 'https://$(KUBERNETES_SERVICE_HOST)' },
              { name: 'KUBERNETES_SERVICE_PORT', value: '1' },
            ],
          },
        ],
      },
    });
    const [container] = pod.spec.containers;
    assert.ok(container);
    assert.deepEqual(Object.fromEntries(containerEnv(pod, container, sources, { ...facts, apiVariables })), {
      KUBERNETES_SERVICE_HOST: '10.85.0.1',
      API: 'https://10.85.0.1',
      KUBERNETES_SERVICE_PORT: '1',
    });
  });

  it('takes values from ConfigMaps and Secrets', () => {
    const env = [
      { name: 'G', valueFrom: { configMapKeyRef: { name: 'conf', key: 'greeting' } } },
      { name: 'P', valueFrom: { secretKeyRef: { name: 'sec', key: 'password' } } },
    ];
    assert.deepEqual(envOf({ env }), { G: 'hello', P: 'pässword' });
  });

  it('takes whole ConfigMaps and Secrets, with a prefix, below what is named one by one', () => {
    const envFrom = [{ prefix: 'C_', configMapRef: { name: 'conf' } }, { secretRef: { name: 'sec' } }];
    assert.deepEqual(envOf({ envFrom, env: [{ name: 'C_greeting', value: 'own' }] }), {
      'C_with.dot': 'x',
      password: 'pässword',
      C_greeting: 'own',
    });
  });

  for (const { from, message } of [
    { from: { configMapKeyRef: { name: 'nope', key: 'k' } }, message: 'configmap "nope" not found' },
    { from: { configMapKeyRef: { name: 'conf', key: 'k' } }, message: "couldn't find key k in ConfigMap default/conf" },
    { from: { secretKeyRef: { name: 'nope', key: 'k' } }, message: 'secret "nope" not found' },
    { from: { secretKeyRef: { name: 'sec', key: 'k' } }, message: "couldn't find key k in Secret default/sec" },
  ]) {
    it(`says: ${message}`, () => {
      assert.throws(() => envOf({ env: [{ name: 'X', valueFrom: from }] }), new ContainerConfigError(message));
    });

    it(`leaves the variable out when that reference is optional (${message})`, () => {
      const [kind, reference] = Object.entries(from)[0] ?? [];
      assert.deepEqual(
        envOf({ env: [{ name: 'X', valueFrom: { [kind ?? '']: { ...reference, optional: true } } }] }),
        {},
      );
    });
  }

  it('needs a source of envFrom unless it is optional', () => {
    assert.throws(() => envOf({ envFrom: [{ configMapRef: { name: 'nope' } }] }), /configmap "nope" not found/);
    assert.deepEqual(envOf({ envFrom: [{ secretRef: { name: 'nope', optional: true } }] }), {});
  });

  it('tells fields of the pod', () => {
    const paths = {
      NAME: 'metadata.name',
      NAMESPACE: 'metadata.namespace',
      UID: 'metadata.uid',
      LABEL: "metadata.labels['app']",
      NODE: 'spec.nodeName',
      ACCOUNT: 'spec.serviceAccountName',
      IP: 'status.podIP',
      IPS: 'status.podIPs',
      HOST: 'status.hostIP',
    };
    const env = Object.entries(paths).map(([name, fieldPath]) => ({ name, valueFrom: { fieldRef: { fieldPath } } }));
    assert.deepEqual(envOf({ env }, { metadata: { labels: { app: 'shop' } } }), {
      NAME: 'web',
      NAMESPACE: 'default',
      UID: 'u1',
      LABEL: 'shop',
      NODE: 'device',
      ACCOUNT: 'robot',
      IP: '10.85.0.2',
      IPS: '10.85.0.2,fd00::2',
      HOST: '192.0.2.7',
    });
  });

  for (const { resource, divisor, expected } of [
    { resource: 'limits.cpu', expected: '2' },
    { resource: 'limits.cpu', divisor: '1m', expected: '1500' },
    { resource: 'limits.memory', expected: '67108864' },
    { resource: 'limits.memory', divisor: '1Mi', expected: '64' },
    { resource: 'requests.cpu', divisor: '1m', expected: '100' },
    { resource: 'requests.memory', expected: '67108864' },
  ]) {
    it(`tells ${resource}${divisor ? ` in units of ${divisor}` : ''} as ${expected}`, () => {
      const resources = { limits: { cpu: '1500m', memory: '64Mi' }, requests: { cpu: '100m' } };
      const resourceFieldRef = { resource, ...(divisor ? { divisor } : {}) };
      assert.deepEqual(envOf({ resources, env: [{ name: 'X', valueFrom: { resourceFieldRef } }] }), { X: expected });
    });
  }

  it('tells what the node has when there is no limit', () => {
    const env = [{ name: 'X', valueFrom: { resourceFieldRef: { resource: 'limits.memory' } } }];
    assert.deepEqual(envOf({ env }), { X: String(2 ** 30) });
  });
});
