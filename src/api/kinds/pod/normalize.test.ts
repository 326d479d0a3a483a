import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admitObject } from '../../../testing/admit-object.ts';
import { admittedPod, podManifest } from '../../../testing/pod-manifest.ts';
import { normalizePod } from './normalize.ts';
import { podKind } from './pod.ts';
import { normalizeTemplate } from './template.ts';
import type { Pod, PodSpec } from './types.ts';

describe('a minimal pod', () => {
  test('gets the defaults of Kubernetes', () => {
    assert.deepEqual(admittedPod().spec, {
      containers: [
        {
          name: 'app',
          image: 'nginx:1.27',
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          imagePullPolicy: 'IfNotPresent',
        },
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      securityContext: {},
      schedulerName: 'default-scheduler',
      enableServiceLinks: true,
      serviceAccountName: 'default',
      serviceAccount: 'default',
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
    });
  });

  test('starts pending', () => {
    assert.deepEqual(admittedPod().status, { phase: 'Pending', qosClass: 'BestEffort' });
  });

  test('is accepted', () => {
    assert.deepEqual(admitObject(podKind, podManifest()).errors, []);
  });
});

test('an empty value counts as none, as in Go', () => {
  const { spec } = admittedPod(
    { restartPolicy: '', dnsPolicy: '' },
    { imagePullPolicy: '', terminationMessagePath: '' },
  );
  assert.equal(spec.restartPolicy, 'Always');
  assert.equal(spec.dnsPolicy, 'ClusterFirst');
  assert.equal(spec.containers[0]?.imagePullPolicy, 'IfNotPresent');
  assert.equal(spec.containers[0]?.terminationMessagePath, '/dev/termination-log');
});

describe('a stop signal of a container', () => {
  const preStop = { exec: { command: ['bye'] } };
  test('is dropped, as by Kubernetes without the feature ContainerStopSignals, in templates too', () => {
    const spec = {
      os: { name: 'linux' },
      initContainers: [{ name: 'first', image: 'a', lifecycle: { stopSignal: 'SIGINT' } }],
    };
    const pod = admittedPod(spec, { lifecycle: { stopSignal: 'SIGUSR1', preStop } });
    assert.deepEqual(pod.spec.containers[0]?.lifecycle, { preStop });
    assert.equal(pod.spec.initContainers?.[0]?.lifecycle, undefined);
    const template = normalizeTemplate({
      metadata: {},
      spec: podManifest({}, { lifecycle: { stopSignal: 'SIGINT' } })['spec'] as unknown as PodSpec,
    });
    assert.equal(template.spec.containers[0]?.lifecycle, undefined);
  });

  test('that was stored once holds no update up', () => {
    const previous = admittedPod();
    const [container] = previous.spec.containers;
    const stored = {
      ...previous,
      spec: { ...previous.spec, containers: [{ ...container, lifecycle: { stopSignal: 'SIGINT' } }] },
    };
    assert.deepEqual(podKind.validateUpdate(normalizePod(stored as Pod), stored as Pod), []);
  });
});

test('a pointer keeps its zero value', () => {
  const { spec } = admittedPod({ terminationGracePeriodSeconds: 0, enableServiceLinks: false });
  assert.equal(spec.terminationGracePeriodSeconds, 0);
  assert.equal(spec.enableServiceLinks, false);
});

test('either name of the service account gives the other', () => {
  for (const key of ['serviceAccountName', 'serviceAccount']) {
    const { spec } = admittedPod({ [key]: 'robot' });
    assert.deepEqual([spec.serviceAccountName, spec.serviceAccount], ['robot', 'robot']);
  }
});

test('requests follow from limits, one by one', () => {
  const limits = { cpu: '1', memory: '64Mi' };
  const { spec } = admittedPod(
    { initContainers: [{ name: 'init', image: 'busybox:1', resources: { limits } }] },
    { resources: { limits, requests: { cpu: '250m' } } },
  );
  assert.deepEqual(spec.containers[0]?.resources.requests, { cpu: '250m', memory: '64Mi' });
  assert.deepEqual(spec.initContainers?.[0]?.resources.requests, limits);
});

test('on the network of the device a port is its own host port', () => {
  const ports = [{ containerPort: 80 }, { containerPort: 81, hostPort: 8081, protocol: 'UDP' }];
  assert.deepEqual(admittedPod({ hostNetwork: true }, { ports }).spec.containers[0]?.ports, [
    { containerPort: 80, hostPort: 80, protocol: 'TCP' },
    { containerPort: 81, hostPort: 8081, protocol: 'UDP' },
  ]);
  assert.deepEqual(admittedPod({}, { ports: [{ containerPort: 80 }] }).spec.containers[0]?.ports, [
    { containerPort: 80, protocol: 'TCP' },
  ]);
});

test('a volume without source is an empty directory', () => {
  assert.deepEqual(admittedPod({ volumes: [{ name: 'scratch' }] }).spec.volumes, [{ name: 'scratch', emptyDir: {} }]);
});

test('volumes of API objects get the mode of their files', () => {
  const { spec } = admittedPod({
    volumes: [
      { name: 'a', configMap: { name: 'a' } },
      { name: 'b', secret: { secretName: 'b' } },
      { name: 'c', downwardAPI: {} },
      { name: 'd', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
      { name: 'e', hostPath: { path: '/dev' } },
      { name: 'f', configMap: { name: 'f', defaultMode: 0 } },
    ],
  });
  const [a, b, c, d, e, f] = spec.volumes ?? [];
  assert.deepEqual([a?.configMap?.defaultMode, b?.secret?.defaultMode, c?.downwardAPI?.defaultMode], [420, 420, 420]);
  assert.deepEqual(d?.projected, {
    sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3600 } }],
    defaultMode: 420,
  });
  assert.deepEqual(e?.hostPath, { path: '/dev', type: '' });
  assert.equal(f?.configMap?.defaultMode, 0);
});

test('probes and field references get their defaults', () => {
  const { spec } = admittedPod(
    {},
    {
      livenessProbe: { httpGet: { port: 'web' }, periodSeconds: 0 },
      env: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
    },
  );
  const [container] = spec.containers;
  assert.deepEqual(container?.livenessProbe, {
    httpGet: { port: 'web', path: '/', scheme: 'HTTP' },
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  });
  assert.equal(container?.env?.[0]?.valueFrom?.fieldRef?.apiVersion, 'v1');
});

test('a pod that is normal already stays as it is', () => {
  const pod = admittedPod(
    { hostNetwork: true, volumes: [{ name: 'a' }], serviceAccount: 'robot' },
    { ports: [{ containerPort: 80 }], resources: { limits: { cpu: '1' } } },
  );
  assert.deepEqual(normalizePod(pod), pod);
});

test('a spec without containers is left for validation to refuse', () => {
  const { errors } = admitObject(podKind, { metadata: { name: 'web', namespace: 'default' } });
  assert.deepEqual(errors, ['spec.containers: Required value']);
});
