import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { computeDrain, type DrainRules } from './compute-drain.ts';

interface Traits {
  readonly owner?: string;
  readonly emptyDir?: boolean;
  readonly phase?: string;
  readonly mirror?: boolean;
}

function pod(name: string, { owner, emptyDir, phase = 'Running', mirror }: Traits): Pod {
  return {
    metadata: {
      name,
      namespace: 'default',
      ...(owner === undefined ? {} : { ownerReferences: [{ kind: owner, controller: true }] }),
      ...(mirror ? { annotations: { 'kubernetes.io/config.mirror': 'x' } } : {}),
    },
    spec: { containers: [], ...(emptyDir ? { volumes: [{ name: 'v', emptyDir: {} }] } : {}) },
    status: { phase },
  } as unknown as Pod;
}

const careful: DrainRules = { force: false, ignoreDaemonSets: false, deleteEmptyDirData: false };
const bold: DrainRules = { force: true, ignoreDaemonSets: true, deleteEmptyDirData: true };

describe('a drain', () => {
  for (const { what, traits, rules, taken, warnings = [], refusals = [] } of [
    { what: 'a pod of a ReplicaSet', traits: { owner: 'ReplicaSet' }, rules: careful, taken: true },
    {
      what: 'a pod of nobody',
      traits: {},
      rules: careful,
      taken: false,
      refusals: ['cannot delete cannot delete Pods that declare no controller (use --force to override): default/a'],
    },
    {
      what: 'a pod of nobody, with force',
      traits: {},
      rules: bold,
      taken: true,
      warnings: ['deleting Pods that declare no controller: default/a'],
    },
    { what: 'a pod that has ended', traits: { phase: 'Succeeded', emptyDir: true }, rules: careful, taken: true },
    {
      what: 'a pod with files of its own',
      traits: { owner: 'ReplicaSet', emptyDir: true },
      rules: careful,
      taken: false,
      refusals: ['cannot delete Pods with local storage (use --delete-emptydir-data to override): default/a'],
    },
    {
      what: 'a pod with files of its own, when they may be lost',
      traits: { owner: 'ReplicaSet', emptyDir: true },
      rules: bold,
      taken: true,
      warnings: ['deleting Pods with local storage: default/a'],
    },
    {
      what: 'a pod of a DaemonSet',
      traits: { owner: 'DaemonSet' },
      rules: careful,
      taken: false,
      refusals: ['cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): default/a'],
    },
    {
      what: 'a pod of a DaemonSet that is left',
      traits: { owner: 'DaemonSet' },
      rules: bold,
      taken: false,
      warnings: ['ignoring DaemonSet-managed Pods: default/a'],
    },
    { what: 'a mirror', traits: { mirror: true }, rules: careful, taken: false },
  ] as readonly {
    readonly what: string;
    readonly traits: Traits;
    readonly rules: DrainRules;
    readonly taken: boolean;
    readonly warnings?: readonly string[];
    readonly refusals?: readonly string[];
  }[]) {
    it(`${taken ? 'takes' : 'leaves'} ${what}`, () => {
      const plan = computeDrain([pod('a', traits)], rules);
      assert.equal(plan.pods.length, taken ? 1 : 0);
      assert.deepEqual(plan.warnings, warnings);
      assert.deepEqual(plan.refusals, refusals);
    });
  }

  it('names all pods of a reason together', () => {
    const { refusals } = computeDrain([pod('a', {}), pod('b', {})], careful);
    assert.match(refusals.join(), /: default\/a, default\/b$/);
  });
});
