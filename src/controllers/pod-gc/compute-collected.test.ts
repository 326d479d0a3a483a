import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { makePod } from '../../testing/pods.ts';
import { computeCollected } from './compute-collected.ts';

const pod = (name: string, minute: number, status: object = { phase: 'Succeeded' }, metadata: object = {}): Pod =>
  makePod({
    metadata: {
      name,
      uid: name,
      creationTimestamp: `2026-11-22T10:${String(minute).padStart(2, '0')}:00Z`,
      ...metadata,
    },
    status,
  });
const collected = (pods: readonly Pod[], threshold: number, needed: readonly string[] = []): readonly string[] =>
  computeCollected(pods, threshold, ({ metadata }) => needed.includes(metadata.name ?? '')).map(
    ({ metadata }) => metadata.name ?? '',
  );

describe('finished pods of which there are too many', () => {
  const three = [pod('new', 30), pod('old', 10, { phase: 'Failed' }), pod('middle', 20)];

  it('go, the oldest first, until as many are left as may be', () => {
    assert.deepEqual(collected(three, 3), []);
    assert.deepEqual(collected(three, 2), ['old']);
    assert.deepEqual(collected(three, 1), ['old', 'middle']);
  });

  it('go after those that were evicted, which are of no use', () => {
    const evicted = pod('evicted', 40, { phase: 'Failed', reason: 'Evicted' });
    assert.deepEqual(collected([...three, evicted], 2), ['evicted', 'old']);
  });

  it('go in the order of their names when they are of the same age', () => {
    assert.deepEqual(collected([pod('b', 1), pod('a', 1)], 1), ['a']);
  });

  it('are the only ones that count and that go', () => {
    const others = [pod('runs', 1, { phase: 'Running' }), pod('waits', 2, { phase: 'Pending' }), pod('starts', 3, {})];
    assert.deepEqual(collected([...three, ...others], 3), []);
    assert.deepEqual(collected([...three, ...others], 1), ['old', 'middle']);
  });

  it('stay, and count, while somebody needs them or their end is under way', () => {
    const held = pod('held', 1, { phase: 'Succeeded' }, { finalizers: ['batch.kubernetes.io/job-tracking'] });
    const ending = pod('ending', 2, { phase: 'Failed' }, { deletionTimestamp: '2026-11-22T10:50:00Z' });
    assert.deepEqual(collected([...three, held, ending], 3), ['old', 'middle']);
    assert.deepEqual(collected([...three, held, ending], 3, ['old']), ['middle', 'new']);
    assert.deepEqual(collected([held, ending], 1), []);
  });
});
