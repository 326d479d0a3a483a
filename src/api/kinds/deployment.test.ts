import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admitObject, admitUpdate } from '../../testing/admit-object.ts';
import { deploymentManifest, podTemplate } from '../../testing/workloads.ts';
import { type Deployment, deploymentKind } from './deployment.ts';
import { rollingUpdateLimits } from './deployment-strategy.ts';

const admit = (spec: Readonly<Record<string, unknown>> = {}) => admitObject(deploymentKind, deploymentManifest(spec));
const errors = (spec: Readonly<Record<string, unknown>>) => admit(spec).errors;

describe('a Deployment', () => {
  it('gets the defaults of Kubernetes', () => {
    const { object, errors: found } = admit();
    const { template: _, selector: __, ...spec } = object.spec;
    assert.deepEqual(found, []);
    assert.deepEqual(spec, {
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    });
  });

  it('gets the pod defaults in its template, but no requests from limits: those are the pods', () => {
    const template = podTemplate('a:1', {
      volumes: [{ name: 'scratch' }],
      containers: [{ name: 'app', image: 'a:1', resources: { limits: { cpu: '1' } } }],
    });
    const { spec } = admit({ template }).object.spec.template;
    assert.deepEqual(spec.volumes, [{ name: 'scratch', emptyDir: {} }]);
    assert.equal(spec.restartPolicy, 'Always');
    assert.deepEqual(spec.containers[0]?.resources, { limits: { cpu: '1' } });
  });

  it('keeps what a rolling update says and fills in the rest', () => {
    const { strategy } = admit({ strategy: { rollingUpdate: { maxSurge: 0 } } }).object.spec;
    assert.deepEqual(strategy, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: 0 } });
    assert.deepEqual(admit({ strategy: { type: 'Recreate' } }).object.spec.strategy, { type: 'Recreate' });
  });

  for (const { spec, says } of [
    { spec: { replicas: -1 }, says: 'spec.replicas: Invalid value: -1: must be greater than or equal to 0' },
    { spec: { selector: undefined }, says: 'spec.selector: Required value' },
    { spec: { selector: {} }, says: 'spec.selector: Invalid value: {}: empty selector is invalid for deployment' },
    {
      spec: { selector: { matchLabels: { app: 'other' } } },
      says: 'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    },
    {
      spec: { template: podTemplate('a:1', { restartPolicy: 'Never' }) },
      says: 'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    },
    {
      spec: { template: podTemplate('a:1', { containers: [] }) },
      says: 'spec.template.spec.containers: Required value',
    },
    {
      spec: { template: podTemplate('a:1', { activeDeadlineSeconds: 5 }) },
      says: 'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
    },
    {
      spec: { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
      says: "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
    },
    {
      spec: { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } },
      says: 'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
    },
    {
      spec: { strategy: { rollingUpdate: { maxUnavailable: '101%' } } },
      says: 'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
    },
    {
      spec: { strategy: { rollingUpdate: { maxSurge: 'lots' } } },
      says: `spec.strategy.rollingUpdate.maxSurge: Invalid value: "lots": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%', or '93%', regex used for validation is '[0-9]+%')`,
    },
    {
      spec: { strategy: { type: 'Sideways' } },
      says: 'spec.strategy.type: Unsupported value: "Sideways": supported values: "Recreate", "RollingUpdate"',
    },
    {
      spec: { minReadySeconds: 30, progressDeadlineSeconds: 30 },
      says: 'spec.progressDeadlineSeconds: Invalid value: 30: must be greater than minReadySeconds',
    },
    {
      spec: { revisionHistoryLimit: -1 },
      says: 'spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
    },
  ]) {
    it(`is refused with: ${says.slice(0, 90)}`, () => {
      assert.deepEqual(errors(spec), [says]);
    });
  }

  it('keeps its selector for good', () => {
    const { object } = admit();
    const template = { ...podTemplate(), metadata: { labels: { app: 'web', tier: 'x' } } };
    const changed = deploymentManifest({ selector: { matchLabels: { tier: 'x' } }, template });
    assert.deepEqual(admitUpdate(deploymentKind, changed, object).errors, [
      'spec.selector: Invalid value: {"matchLabels":{"tier":"x"}}: field is immutable',
    ]);
  });

  it('takes no status that contradicts itself', () => {
    const { object } = admit();
    const status = { replicas: 1, updatedReplicas: 2, availableReplicas: 1 };
    const found = deploymentKind.validate({ ...object, status } as Deployment);
    assert.deepEqual(
      found.map(({ field, message }) => `${field}: ${message}`),
      [
        'status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas',
        'status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas',
      ],
    );
  });

  it('is shown as kubectl shows it', () => {
    const { object } = admit({ replicas: 3 });
    const status = { replicas: 3, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 1 };
    const row = deploymentKind.row({ ...object, status } as Deployment, 0);
    assert.deepEqual(row, ['web', '1/3', 2, 1, '<unknown>', 'app', 'nginx:1.27', 'app=web']);
    assert.deepEqual(
      deploymentKind.columns.map(({ name }) => name),
      ['Name', 'Ready', 'Up-to-date', 'Available', 'Age', 'Containers', 'Images', 'Selector'],
    );
  });
});

describe('the limits of a rolling update', () => {
  const limits = (maxSurge: number | string, maxUnavailable: number | string, replicas: number) =>
    rollingUpdateLimits({ type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } }, replicas);

  for (const { surge, unavailable, replicas, is } of [
    { surge: '25%', unavailable: '25%', replicas: 1, is: { maxSurge: 1, maxUnavailable: 0 } },
    { surge: '25%', unavailable: '25%', replicas: 10, is: { maxSurge: 3, maxUnavailable: 2 } },
    { surge: 3, unavailable: 2, replicas: 1, is: { maxSurge: 3, maxUnavailable: 2 } },
    { surge: 0, unavailable: '10%', replicas: 1, is: { maxSurge: 0, maxUnavailable: 1 } },
    { surge: '25%', unavailable: '25%', replicas: 0, is: { maxSurge: 0, maxUnavailable: 1 } },
  ]) {
    it(`are ${is.maxSurge} more and ${is.maxUnavailable} fewer for ${surge}/${unavailable} of ${replicas}`, () => {
      assert.deepEqual(limits(surge, unavailable, replicas), is);
    });
  }

  it('do not exist for Recreate', () => {
    assert.deepEqual(rollingUpdateLimits({ type: 'Recreate' }, 4), { maxSurge: 0, maxUnavailable: 0 });
  });
});
