import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoredImage } from '../../runtime/runtime.ts';
import { computeImages, type Pull } from './compute-images.ts';

const stored = (more: Partial<StoredImage> = {}): StoredImage => ({
  id: 'sha256:1',
  tags: ['r.lan/a:1'],
  digests: ['r.lan/a@sha256:9'],
  sizeBytes: 7,
  uid: undefined,
  username: '',
  synced: true,
  sideLoaded: false,
  pinned: false,
  loadedAtMs: new Map([['r.lan/a:1', Date.UTC(2026, 0, 1)]]),
  ...more,
});
const layers = [{ digest: 'sha256:l', sizeBytes: 10, doneBytes: 5 }];
const running: Pull = { kind: 'Running', progress: { phase: 'Downloading', layers } };
const failed: Pull = { kind: 'Failed', message: 'no', progress: { phase: 'Downloading', layers } };

describe('the images of a device', () => {
  it('are told by their tags, with everything that wants them under any name', () => {
    const users = new Map([
      ['r.lan/a:1', ['default/web']],
      ['r.lan/a@sha256:9', ['default/pinned', 'default/web']],
    ]);
    const statuses = computeImages([stored({ tags: ['r.lan/a:1', 'r.lan/b:1'] })], new Map(), users);
    assert.deepEqual([...statuses.keys()], ['r.lan/a:1', 'r.lan/b:1']);
    assert.deepEqual(statuses.get('r.lan/a:1'), {
      state: 'Present',
      id: 'sha256:1',
      tags: ['r.lan/a:1', 'r.lan/b:1'],
      digests: ['r.lan/a@sha256:9'],
      sizeBytes: 7,
      synced: true,
      sideLoaded: false,
      loadedAt: '2026-01-01T00:00:00Z',
      usedBy: ['default/pinned', 'default/web'],
    });
  });

  it('are told by their digests when they have no tag', () => {
    assert.deepEqual([...computeImages([stored({ tags: [] })], new Map(), new Map()).keys()], ['r.lan/a@sha256:9']);
  });
});

describe('a pull', () => {
  it('that runs shows its layers, beside what is known of the older image of that name', () => {
    const fresh = computeImages([], new Map([['r.lan/x:1', running]]), new Map([['r.lan/x:1', ['default/x']]]));
    assert.deepEqual(fresh.get('r.lan/x:1'), { state: 'Pulling', layers, usedBy: ['default/x'] });
    const again = computeImages([stored()], new Map([['r.lan/a:1', running]]), new Map());
    assert.equal(again.get('r.lan/a:1')?.state, 'Pulling');
    assert.equal(again.get('r.lan/a:1')?.id, 'sha256:1');
  });

  it('is Unpacking when everything is downloaded', () => {
    const unpacking: Pull = { kind: 'Running', progress: { phase: 'Unpacking', layers } };
    assert.equal(computeImages([], new Map([['x', unpacking]]), new Map()).get('x')?.state, 'Unpacking');
  });

  it('that failed says why, unless the image is there all the same', () => {
    assert.deepEqual(computeImages([], new Map([['x', failed]]), new Map()).get('x'), {
      state: 'Failed',
      message: 'no',
      layers,
    });
    assert.equal(
      computeImages([stored()], new Map([['r.lan/a:1', failed]]), new Map()).get('r.lan/a:1')?.state,
      'Present',
    );
  });
});
