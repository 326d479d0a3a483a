import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admitObject } from '../../testing/admit-object.ts';
import { makePod } from '../../testing/pods.ts';
import { type LimitRange, limitRangeKind } from '../kinds/limit-range.ts';
import { applyLimitRangeDefaults } from './apply-defaults.ts';
import { findLimitViolations } from './find-violations.ts';

const rangeOf = (...limits: readonly object[]): LimitRange =>
  admitObject(limitRangeKind, { metadata: { name: 'bounds', namespace: 'default' }, spec: { limits } }).object;
const container = (name: string, resources: object = {}): object => ({ name, image: 'i', resources });
const podOf = (...containers: readonly object[]) => makePod({ spec: { containers } });

describe('the defaults of a limit range', () => {
  const range = rangeOf({
    type: 'Container',
    default: { cpu: '500m', memory: '500Mi' },
    defaultRequest: { cpu: '100m', memory: '200Mi' },
  });

  it('are for containers that ask for nothing, and the pod says so', () => {
    const pod = makePod({
      metadata: { annotations: { a: 'b' } },
      spec: { containers: [container('web')], initContainers: [container('init', { limits: { cpu: '1' } })] },
    });
    const { spec, metadata } = applyLimitRangeDefaults(pod, [range]);
    assert.deepEqual(spec.containers[0]?.resources, {
      limits: { cpu: '500m', memory: '500Mi' },
      requests: { cpu: '100m', memory: '200Mi' },
    });
    assert.deepEqual(spec.initContainers?.[0]?.resources.limits, { cpu: '1', memory: '500Mi' });
    assert.deepEqual(metadata.annotations, {
      a: 'b',
      'kubernetes.io/limit-ranger':
        'LimitRanger plugin set: cpu, memory request for container web; cpu, memory limit for container web; cpu, memory request for init container init; memory limit for init container init',
    });
  });

  it('leave alone what is there', () => {
    const resources = { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } };
    const pod = podOf(container('web', resources));
    assert.equal(applyLimitRangeDefaults(pod, [range]), pod);
    assert.equal(applyLimitRangeDefaults(pod, []), pod);
  });

  it('of several limit ranges fill up what those before left open', () => {
    const first = rangeOf({ type: 'Container', default: { cpu: '1' } });
    const [web] = applyLimitRangeDefaults(podOf(container('web')), [first, range]).spec.containers;
    assert.deepEqual(web?.resources, {
      limits: { cpu: '1', memory: '500Mi' },
      requests: { cpu: '1', memory: '200Mi' },
    });
  });
});

describe('the bounds of a limit range', () => {
  const asking = (requests?: object, limits?: object): object => ({
    ...(requests ? { requests } : {}),
    ...(limits ? { limits } : {}),
  });
  for (const { item, resources, why } of [
    { item: { min: { cpu: '50m' } }, resources: asking({ cpu: '50m' }), why: undefined },
    {
      item: { min: { cpu: '50m' } },
      resources: asking(),
      why: 'minimum cpu usage per Container is 50m.  No request is specified',
    },
    {
      item: { min: { cpu: '50m' } },
      resources: asking({ cpu: '10m' }),
      why: 'minimum cpu usage per Container is 50m, but request is 10m',
    },
    {
      item: { min: { cpu: '50m' } },
      resources: asking({ cpu: '50m' }, { cpu: '20m' }),
      why: 'minimum cpu usage per Container is 50m, but limit is 20m',
    },
    { item: { max: { memory: '1Gi' } }, resources: asking({}, { memory: '1Gi' }), why: undefined },
    {
      item: { max: { memory: '1Gi' } },
      resources: asking({ memory: '1Gi' }),
      why: 'maximum memory usage per Container is 1Gi.  No limit is specified',
    },
    {
      item: { max: { memory: '1Gi' } },
      resources: asking({}, { memory: '2Gi' }),
      why: 'maximum memory usage per Container is 1Gi, but limit is 2Gi',
    },
    {
      item: { max: { memory: '1Gi' } },
      resources: asking({ memory: '2Gi' }, { memory: '1Gi' }),
      why: 'maximum memory usage per Container is 1Gi, but request is 2Gi',
    },
    { item: { maxLimitRequestRatio: { cpu: '1500m' } }, resources: asking({ cpu: '2' }, { cpu: '3' }), why: undefined },
    {
      item: { maxLimitRequestRatio: { cpu: '4' } },
      resources: asking({ cpu: '200m' }, { cpu: '1' }),
      why: 'cpu max limit to request ratio per Container is 4, but provided ratio is 5.000000',
    },
    {
      item: { maxLimitRequestRatio: { cpu: '4' } },
      resources: asking({ cpu: '0' }, { cpu: '1' }),
      why: 'cpu max limit to request ratio per Container is 4, but no request is specified or request is 0',
    },
    {
      item: { maxLimitRequestRatio: { cpu: '4' } },
      resources: asking({ cpu: '1' }),
      why: 'cpu max limit to request ratio per Container is 4, but no limit is specified or limit is 0',
    },
  ]) {
    it(`${why ?? `are kept by ${JSON.stringify(resources)}`} (${JSON.stringify(item)})`, () => {
      const range = rangeOf({ type: 'Container', ...item });
      const expected = why === undefined ? [] : [why];
      assert.deepEqual(findLimitViolations(podOf(container('web', resources)), range), expected);
    });
  }

  it('hold for every container, init containers too, and each is broken once', () => {
    const range = rangeOf({ type: 'Container', max: { cpu: '1', memory: '1Gi' } });
    const greedy = asking({}, { cpu: '2', memory: '2Gi' });
    const pod = makePod({
      spec: {
        containers: [container('a', greedy), container('b', greedy)],
        initContainers: [container('c', asking({}, { cpu: '3', memory: '1Gi' }))],
      },
    });
    assert.deepEqual(findLimitViolations(pod, range), [
      'maximum cpu usage per Container is 1, but limit is 2',
      'maximum memory usage per Container is 1Gi, but limit is 2Gi',
      'maximum cpu usage per Container is 1, but limit is 3',
    ]);
  });

  it('for pods hold for what the containers ask for together, without the overhead of the runtime', () => {
    const range = rangeOf({ type: 'Pod', max: { memory: '100Mi' } });
    const half = container('a', asking({ memory: '50Mi' }, { memory: '50Mi' }));
    const overhead = { memory: '10Mi' };
    assert.deepEqual(findLimitViolations(makePod({ spec: { containers: [half, half], overhead } }), range), []);
    assert.deepEqual(findLimitViolations(podOf(half, half, half), range), [
      'maximum memory usage per Pod is 100Mi, but limit is 150Mi',
    ]);
  });

  it('for claims are nothing to pods', () => {
    const range = rangeOf({ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } });
    assert.deepEqual(findLimitViolations(podOf(container('web')), range), []);
  });
});
