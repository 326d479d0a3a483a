import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { rankForDeletion } from './rank-pods.ts';

const nowMs = Date.UTC(2026, 10, 22, 12);
const ago = (seconds: number): string => new Date(nowMs - seconds * 1000).toISOString();

interface Idea {
  readonly node?: string;
  readonly phase?: string;
  readonly readyFor?: number;
  readonly age?: number;
  readonly restarts?: number;
  readonly cost?: string;
}

/** Bound, running, ready for an hour, and a day old, unless said otherwise. */
function makePod(name: string, idea: Idea = {}): Pod {
  const { node = 'device', phase = 'Running', readyFor = 3_600, age = 86_400, restarts = 0, cost } = idea;
  const annotations = cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': cost };
  const ready = { type: 'Ready', status: readyFor < 0 ? 'False' : 'True', lastTransitionTime: ago(readyFor) };
  return {
    metadata: { name, uid: name, annotations, creationTimestamp: ago(age) },
    spec: { nodeName: node },
    status: { phase, conditions: [ready], containerStatuses: [{ name: 'app', restartCount: restarts }] },
  } as unknown as Pod;
}

describe('the pod that is missed least goes first', () => {
  for (const { what, first, second } of [
    { what: 'one without a node before one with', first: { node: '' }, second: {} },
    { what: 'one that is pending before one that runs', first: { phase: 'Pending' }, second: {} },
    { what: 'one that is not ready before one that is', first: { readyFor: -1 }, second: {} },
    { what: 'one that is said to be cheap', first: { cost: '-5' }, second: {} },
    { what: 'one whose cost cannot be read counts as 0', first: {}, second: { cost: '7' } },
    { what: 'one that became ready lately', first: { readyFor: 10 }, second: {} },
    { what: 'one that was started again more often', first: { restarts: 3 }, second: { restarts: 1 } },
    { what: 'a new one before an old one', first: { age: 60 }, second: {} },
    { what: 'readiness before the cost', first: { readyFor: -1, cost: '100' }, second: { cost: '1' } },
  ]) {
    it(what, () => {
      const order = (pods: Pod[]) => rankForDeletion(pods, nowMs).map(({ metadata }) => metadata.name);
      assert.deepEqual(order([makePod('a', first), makePod('b', second)]), ['a', 'b']);
      assert.deepEqual(order([makePod('b', second), makePod('a', first)]), ['a', 'b']);
    });
  }

  it('and of two that have been ready for about as long, either', () => {
    const pods = [makePod('z', { readyFor: 3_600 }), makePod('a', { readyFor: 3_700 })];
    assert.deepEqual(
      rankForDeletion(pods, nowMs).map(({ metadata }) => metadata.name),
      ['a', 'z'],
    );
  });
});
