import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admitObject } from '../../testing/admit-object.ts';
import { makePod } from '../../testing/pods.ts';
import { type ResourceQuota, resourceQuotaKind } from '../kinds/resource-quota.ts';
import { formatQuantity } from '../quantity.ts';
import { podCharge, type Quantities } from './charge.ts';
import { selectsPod } from './scopes.ts';
import { exceeding, quotaUsage } from './usage.ts';

const quotaOf = (hard: object, more: object = {}): ResourceQuota =>
  admitObject(resourceQuotaKind, { metadata: { name: 'team', namespace: 'default' }, spec: { hard, ...more } }).object;
const asking = (requests: object, more: object = {}) =>
  makePod({ spec: { containers: [{ name: 'a', image: 'i', resources: { requests } }], ...more } });
const textOf = (quantities: Quantities): object =>
  Object.fromEntries([...quantities].map(([name, amount]) => [name, formatQuantity(amount)]));
const nothing = { pods: [], counts: new Map<string, number>() };

describe('the usage of a quota', () => {
  it('is the sum over pods and objects of what it bounds, and nothing else', () => {
    const quota = quotaOf({
      memory: '1Gi',
      pods: '5',
      'count/secrets': '3',
      services: '1',
      'count/cats.example.com': 1,
    });
    const pods = [asking({ memory: '100Mi', cpu: '1' }), asking({ memory: '28Mi' })];
    const counts = new Map([
      ['count/secrets', 2],
      ['secrets', 2],
    ]);
    assert.deepEqual(textOf(quotaUsage(quota, { pods, counts })), {
      memory: '128Mi',
      pods: '2',
      'count/secrets': '2',
      services: '0',
      'count/cats.example.com': '0',
    });
  });

  it('is that of the pods in its scopes', () => {
    const quota = quotaOf({ pods: '5', 'count/pods': '5', 'count/secrets': '5' }, { scopes: ['BestEffort'] });
    const pods = [makePod(), asking({ cpu: '1' })];
    const used = quotaUsage(quota, { pods, counts: new Map([['count/secrets', 2]]) });
    assert.deepEqual(textOf(used), { pods: '1', 'count/pods': '1', 'count/secrets': '0' });
  });
});

describe('a quota', () => {
  it('has room up to its bounds', () => {
    const quota = quotaOf({ cpu: '1', pods: '1' });
    const used = quotaUsage(quota, nothing);
    assert.equal(exceeding(quota, podCharge(asking({ cpu: '1', memory: '9Gi' })), used), undefined);
  });

  it('says of everything that is exceeded what is asked for, used and allowed', () => {
    const quota = quotaOf({ cpu: '1', memory: '500Mi', pods: '5' });
    const used = quotaUsage(quota, { ...nothing, pods: [asking({ cpu: '500m', memory: '252Mi' })] });
    assert.equal(
      exceeding(quota, podCharge(asking({ memory: '300Mi', cpu: '600m' })), used),
      'exceeded quota: team, requested: cpu=600m,memory=300Mi, used: cpu=500m,memory=252Mi, limited: cpu=1,memory=500Mi',
    );
  });

  it('that is overdrawn lets pass what takes nothing of it', () => {
    const quota = quotaOf({ memory: '1Mi' });
    const used = quotaUsage(quota, { ...nothing, pods: [asking({ memory: '2Mi' })] });
    assert.equal(exceeding(quota, podCharge(asking({ memory: '0' })), used), undefined);
  });
});

describe('a quota selects', () => {
  const deadline = makePod({ spec: { activeDeadlineSeconds: 60 } });
  const important = makePod({ spec: { priorityClassName: 'high' } });
  const term = { topologyKey: 'kubernetes.io/hostname', namespaces: ['other'] };
  const neighbour = (affinity: object) => makePod({ spec: { affinity } });
  const byClass = (operator: string, values?: readonly string[]): object => ({
    scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, ...(values ? { values } : {}) }] },
  });
  for (const { what, more, inside, outside } of [
    { what: 'pods with a deadline', more: { scopes: ['Terminating'] }, inside: deadline, outside: makePod() },
    { what: 'pods without a deadline', more: { scopes: ['NotTerminating'] }, inside: makePod(), outside: deadline },
    {
      what: 'pods that ask for nothing',
      more: { scopes: ['BestEffort'] },
      inside: makePod(),
      outside: asking({ cpu: 1 }),
    },
    { what: 'pods that ask', more: { scopes: ['NotBestEffort'] }, inside: asking({ cpu: '1' }), outside: makePod() },
    { what: 'pods with a class', more: { scopes: ['PriorityClass'] }, inside: important, outside: makePod() },
    { what: 'pods of a class', more: byClass('In', ['high']), inside: important, outside: makePod() },
    { what: 'pods not of a class', more: byClass('NotIn', ['high']), inside: makePod(), outside: important },
    { what: 'pods without a class', more: byClass('DoesNotExist'), inside: makePod(), outside: important },
    {
      what: 'pods that want to be near those of other namespaces',
      more: { scopes: ['CrossNamespacePodAffinity'] },
      inside: neighbour({ podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }),
      outside: neighbour({ podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'a' }] } }),
    },
    {
      what: 'pods that rather stay away from those of other namespaces',
      more: { scopes: ['CrossNamespacePodAffinity'] },
      inside: neighbour({
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, podAffinityTerm: { topologyKey: 'a', namespaceSelector: {} } },
          ],
        },
      }),
      outside: makePod(),
    },
    {
      what: 'pods that are in all of its scopes',
      more: { scopes: ['BestEffort', 'Terminating'] },
      inside: deadline,
      outside: makePod(),
    },
  ]) {
    it(what, () => {
      const quota = quotaOf({ pods: '1' }, more);
      assert.equal(selectsPod(quota, inside), true);
      assert.equal(selectsPod(quota, outside), false);
    });
  }

  it('no pods when its scope is about volumes', () => {
    const more = byClass('In', ['gold']);
    const quota = quotaOf(
      { persistentvolumeclaims: '1' },
      JSON.parse(JSON.stringify(more).replace('PriorityClass', 'VolumeAttributesClass')),
    );
    assert.equal(selectsPod(quota, makePod()), false);
  });
});
