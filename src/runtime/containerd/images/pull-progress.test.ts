import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStatusError } from '../../../lib/status-error.ts';
import { computeSight, type PullSight, StallWatch } from './pull-progress.ts';

const layer = (digest: string, size: number) => ({ mediaType: '', digest, size, annotations: {} });
const layers = [layer('sha256:a', 100), layer('sha256:b', 50)];
const sight = (a: number, b: number, held = 4): PullSight =>
  computeSight(
    layers,
    new Set(['sha256:manifest', ...(a === 100 ? ['sha256:a'] : []), ...(b === 50 ? ['sha256:b'] : [])]),
    new Map([...(a < 100 ? [['layer-sha256:a', { offset: a, total: 100 }] as const] : [])]),
    held,
  );

describe('the progress of a pull', () => {
  it('is resolving until the registry has told the layers', () => {
    assert.deepEqual(computeSight([], new Set(), new Map(), 0).progress, { phase: 'Resolving', layers: [] });
  });

  it('counts what is complete and what is under way', () => {
    assert.deepEqual(sight(30, 50).progress, {
      phase: 'Downloading',
      layers: [
        { digest: 'sha256:a', sizeBytes: 100, doneBytes: 30 },
        { digest: 'sha256:b', sizeBytes: 50, doneBytes: 50 },
      ],
    });
    assert.equal(sight(30, 50).doneBytes, 80);
  });

  it('is unpacking when every layer is there', () => {
    assert.equal(sight(100, 50).progress.phase, 'Unpacking');
  });
});

describe('a pull stands still', () => {
  const isTimeout = (error: unknown) =>
    isStatusError(error, 'Timeout') && error.message === 'failed to pull image "x": nothing arrived for 60 seconds';

  it('when nothing arrives for the limit', () => {
    const stall = new StallWatch(60_000, 0);
    stall.look('x', sight(30, 50), 1_000);
    stall.look('x', sight(31, 50), 40_000);
    stall.look('x', sight(31, 50), 99_999);
    assert.throws(() => stall.look('x', sight(31, 50), 100_000), isTimeout);
  });

  it('when the registry never answers', () => {
    const stall = new StallWatch(60_000, 0);
    stall.look('x', computeSight([], new Set(), new Map(), 0), 1_000);
    assert.throws(() => stall.look('x', computeSight([], new Set(), new Map(), 0), 61_000), isTimeout);
  });

  it('never while layers are unpacked', () => {
    const stall = new StallWatch(60_000, 0);
    stall.look('x', sight(100, 50), 1_000);
    stall.look('x', sight(100, 50), 500_000);
  });

  it('not when a layer was unpacked meanwhile', () => {
    const stall = new StallWatch(60_000, 0);
    stall.look('x', sight(30, 50, 4), 1_000);
    stall.look('x', sight(30, 50, 5), 59_000);
    stall.look('x', sight(30, 50, 5), 100_000);
  });
});
