import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { podErrors } from '../../../../testing/pod-manifest.ts';

describe('a toleration', () => {
  const errorsOf = (toleration: object): readonly string[] =>
    podErrors({ tolerations: [toleration] }).map((error) => error.replace('spec.tolerations[0].', ''));

  test('names a taint, or all of them', () => {
    assert.deepEqual(errorsOf({ operator: 'Exists' }), []);
    assert.deepEqual(errorsOf({ key: 'example.com/a', value: 'x', effect: 'NoExecute', tolerationSeconds: 30 }), []);
    assert.deepEqual(errorsOf({}), [
      'operator: Invalid value: "": operator must be Exists when `key` is empty, ' +
        'which means "match all values and all keys"',
    ]);
    assert.match(errorsOf({ key: 'a b' })[0] ?? '', /^key: Invalid value: "a b"/);
  });

  test('has an operator that fits its value', () => {
    assert.deepEqual(errorsOf({ key: 'a', operator: 'Exists', value: 'x' }), [
      'operator: Invalid value: "x": value must be empty when `operator` is \'Exists\'',
    ]);
    assert.deepEqual(errorsOf({ key: 'a', operator: 'Like' }), [
      'operator: Unsupported value: "Like": supported values: "Equal", "Exists"',
    ]);
    assert.match(errorsOf({ key: 'a', value: '-' })[0] ?? '', /^operator: Invalid value: "-": a valid label/);
  });

  test('ends after a time only where pods are evicted', () => {
    assert.deepEqual(errorsOf({ key: 'a', effect: 'NoSchedule', tolerationSeconds: 1 }), [
      'effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
    ]);
    assert.match(errorsOf({ key: 'a', effect: 'Never' })[0] ?? '', /^effect: Unsupported value: "Never"/);
  });
});

describe('an affinity to nodes', () => {
  const path = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
  const required = (term: object): readonly string[] =>
    podErrors({
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } },
    }).map((error) => error.replace(`${path}[0].`, ''));
  const expression = (requirement: object): readonly string[] => required({ matchExpressions: [requirement] });

  test('compares labels', () => {
    assert.deepEqual(expression({ key: 'zone', operator: 'In', values: ['a'] }), []);
    assert.deepEqual(expression({ key: 'cores', operator: 'Gt', values: ['2'] }), []);
    assert.deepEqual(expression({ key: 'zone', operator: 'NotIn' }), [
      "matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ]);
    assert.deepEqual(expression({ key: 'cores', operator: 'Lt', values: ['1', '2'] }), [
      "matchExpressions[0].values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'",
    ]);
    assert.deepEqual(expression({ key: 'zone', operator: 'Near' }), [
      'matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator',
    ]);
  });

  test('knows one field, the name', () => {
    const field = (requirement: object): readonly string[] => required({ matchFields: [requirement] });
    assert.deepEqual(field({ key: 'metadata.name', operator: 'In', values: ['device'] }), []);
    assert.deepEqual(field({ key: 'spec.x', operator: 'In', values: ['a'] }), [
      'matchFields[0].key: Invalid value: "spec.x": not a valid field selector key',
    ]);
    assert.equal(field({ key: 'metadata.name', operator: 'Exists' }).length, 1);
    assert.equal(field({ key: 'metadata.name', operator: 'In', values: ['a', 'b'] }).length, 1);
  });

  test('needs a term', () => {
    assert.deepEqual(
      podErrors({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } } }),
      [`${path}: Required value`],
    );
  });

  test('weighs preferences from 1 to 100 and does not mind their values', () => {
    const preferred = (weight: number): readonly string[] =>
      podErrors({
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight, preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['no label'] }] } },
            ],
          },
        },
      });
    assert.deepEqual(preferred(100), []);
    assert.match(preferred(101)[0] ?? '', /weight: Invalid value: 101: must be in the range 1-100$/);
  });
});

test('an affinity to pods names a topology and well-formed selectors', () => {
  const errorsOf = (term: object): readonly string[] =>
    podErrors({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }).map(
      (error) => error.replace(/^.*Execution\[0\]\./, ''),
    );
  assert.deepEqual(errorsOf({ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { a: 'b' } } }), []);
  assert.deepEqual(errorsOf({}), ['topologyKey: Required value']);
  assert.match(errorsOf({ topologyKey: 'a b' })[0] ?? '', /^topologyKey: Invalid value: "a b"/);
  assert.match(errorsOf({ topologyKey: 'a', namespaces: ['A'] })[0] ?? '', /^namespace: Invalid value: "A"/);
  const labelSelector = { matchExpressions: [{ key: 'a', operator: 'Like' }] };
  assert.match(errorsOf({ topologyKey: 'a', labelSelector })[0] ?? '', /operator: Invalid value: "Like"/);
});

test('a spread over topologies has positive numbers', () => {
  const errorsOf = (changes: object): readonly string[] =>
    podErrors({
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', ...changes }],
    }).map((error) => error.replace('spec.topologySpreadConstraints[0].', ''));
  assert.deepEqual(errorsOf({ minDomains: 2 }), []);
  assert.deepEqual(errorsOf({ maxSkew: -1 }), ['maxSkew: Invalid value: -1: must be greater than zero']);
  assert.deepEqual(errorsOf({ minDomains: 0 }), ['minDomains: Invalid value: 0: must be greater than zero']);
  assert.equal(errorsOf({ minDomains: 2, whenUnsatisfiable: 'ScheduleAnyway' }).length, 1);
  assert.match(errorsOf({ whenUnsatisfiable: 'Never' })[0] ?? '', /^whenUnsatisfiable: Unsupported value/);
});
