import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { SyncOptions } from '../sync/sync-session.ts';
import type { UpPlan } from './plan-up.ts';
import { type SyncDeps, startSyncs } from './start-syncs.ts';

it('each directory goes to the pod that was made, and to no other that gets its name', () => {
  const syncs = ['code', 'data'].map((volume) => ({ directory: `/project/${volume}`, volume }));
  const plan = { syncs, ignore: [], twoWay: true } as unknown as UpPlan;
  const pod = { metadata: { namespace: 'default', name: 'web', uid: 'uid-1' } } as Pod;
  const started: SyncOptions[] = [];
  const startSync: SyncDeps['startSync'] = (options) => {
    started.push(options);
    return { first: new Promise(() => {}), changes: (async function* () {})(), close: async () => {} };
  };
  startSyncs(plan, pod, { startSync } as SyncDeps, new AbortController().signal);
  assert.deepEqual(
    started.map(({ namespace, pod: name, uid, volume }) => [namespace, name, uid, volume]),
    [
      ['default', 'web', 'uid-1', 'code'],
      ['default', 'web', 'uid-1', 'data'],
    ],
  );
});
