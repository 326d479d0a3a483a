import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admitObject, admitUpdate } from '../../testing/admit-object.ts';
import { resourceQuotaKind } from './resource-quota.ts';

const metadata = { name: 'team', namespace: 'default' };
const admit = (spec: object, status: object = {}) => admitObject(resourceQuotaKind, { metadata, spec, status });
const errorsOf = (spec: object): readonly string[] => admit(spec).errors;

describe('a resource quota', () => {
  it('bounds what is known, and what has a domain', () => {
    const hard = {
      cpu: '1',
      'requests.memory': '1Gi',
      'limits.ephemeral-storage': '1Gi',
      'requests.hugepages-2Mi': '4Mi',
      pods: 5,
      'services.nodeports': 1,
      'count/replicasets.apps': '5',
      'requests.example.com/camera': '1',
      'gold.storageclass.storage.k8s.io/requests.storage': '10Gi',
    };
    assert.deepEqual(errorsOf({ hard }), []);
    assert.deepEqual(errorsOf({ hard: { storage: '1Gi' } }), [
      'spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota',
    ]);
    assert.deepEqual(errorsOf({ hard: { cats: '1' } }), [
      'spec.hard[cats]: Invalid value: "cats": must be a standard resource type or fully qualified',
      'spec.hard[cats]: Invalid value: "cats": must be a standard resource for quota',
    ]);
  });

  it('bounds objects by whole numbers, and nothing by less than zero', () => {
    assert.deepEqual(errorsOf({ hard: { pods: '1500m', 'count/secrets': '0.5', cpu: '-1' } }), [
      'spec.hard[pods]: Invalid value: "1500m": must be an integer',
      'spec.hard[count/secrets]: Invalid value: "500m": must be an integer',
      'spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    ]);
  });

  it('has scopes that are known, fit its resources and do not contradict each other', () => {
    assert.deepEqual(errorsOf({ hard: { pods: 1, cpu: 1 }, scopes: ['NotTerminating', 'NotBestEffort'] }), []);
    assert.deepEqual(errorsOf({ hard: { pods: 1 }, scopes: ['Mine'] }), [
      'spec.scopes: Invalid value: ["Mine"]: unsupported scope',
    ]);
    assert.deepEqual(errorsOf({ hard: { cpu: 1, 'count/pods': 1 }, scopes: ['BestEffort'] }), [
      'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
    ]);
    assert.deepEqual(errorsOf({ hard: { configmaps: 1 }, scopes: ['Terminating'] }), [
      'spec.scopes: Invalid value: ["Terminating"]: unsupported scope applied to resource',
    ]);
    assert.deepEqual(errorsOf({ hard: { pods: 1 }, scopes: ['Terminating', 'NotTerminating'] }), [
      'spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes',
    ]);
  });

  it('selects by scope and name where scopes have names', () => {
    const select = (...matchExpressions: readonly object[]) =>
      errorsOf({ hard: { pods: 1 }, scopeSelector: { matchExpressions } });
    const path = 'spec.scopeSelector.matchExpressions';
    assert.deepEqual(select({ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }), []);
    assert.deepEqual(select({ scopeName: 'BestEffort', operator: 'Exists' }), []);
    assert.deepEqual(select({ scopeName: 'PriorityClass', operator: 'In' }), [
      `${path}.values: Required value: must be at least one value when \`operator\` is 'In' or 'NotIn' for scope selector`,
    ]);
    assert.deepEqual(select({ scopeName: 'PriorityClass', operator: 'Exists', values: ['high'] }), [
      `${path}.values: Invalid value: ["high"]: must be no value when \`operator\` is 'Exist' or 'DoesNotExist' for scope selector`,
    ]);
    assert.deepEqual(select({ scopeName: 'PriorityClass', operator: 'Is' }), [
      `${path}.operator: Invalid value: "Is": not a valid selector operator`,
    ]);
    assert.match(
      select({ scopeName: 'Terminating', operator: 'DoesNotExist' })[0] ?? '',
      /operator: Invalid value: "DoesNotExist": must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, /,
    );
    assert.deepEqual(select({ scopeName: 'Mine', operator: 'Exists' }), [
      `${path}.scopeName: Invalid value: "Mine": unsupported scope`,
    ]);
    assert.deepEqual(select({ scopeName: 'PriorityClass' }), [`${path}[0].operator: Required value`]);
  });

  it('keeps its scopes, in any order, and may change its bounds', () => {
    const scopes = ['NotTerminating', 'NotBestEffort'];
    const { object } = admit({ hard: { pods: 1 }, scopes });
    const update = (spec: object) => admitUpdate(resourceQuotaKind, { metadata, spec }, object).errors;
    assert.deepEqual(update({ hard: { pods: 2 }, scopes: scopes.toReversed() }), []);
    assert.deepEqual(update({ hard: { pods: 1 } }), ['spec.scopes: Invalid value: null: field is immutable']);
  });

  it('shows what is used of what, limits apart', () => {
    const hard = { pods: '5', 'limits.cpu': '2', 'requests.cpu': '1' };
    const { object } = admit({ hard }, { hard, used: { pods: '1', 'limits.cpu': '500m' } });
    const cells = ['team', 'pods: 1/5, requests.cpu: 0/1', 'limits.cpu: 500m/2', '<unknown>'];
    assert.deepEqual(resourceQuotaKind.row(object, 0), cells);
    assert.deepEqual(resourceQuotaKind.row(admit({ hard }).object, 0).slice(1, 3), ['', '']);
  });
});
