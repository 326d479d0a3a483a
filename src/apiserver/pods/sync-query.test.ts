import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type SyncTarget, syncPath } from '../../api/sync/sync-path.ts';
import { parseSyncQuery } from './sync-query.ts';

const target: SyncTarget = {
  namespace: 'default',
  pod: 'web',
  volume: 'code',
  session: '0123456789abcdef'.repeat(2),
  isResumed: true,
};

describe('the query of a sync session', () => {
  const parse = (change: Partial<SyncTarget>) =>
    parseSyncQuery(new URL(syncPath({ ...target, ...change }), 'https://device').searchParams);

  it('says what a client wants, and of which pod of the name', () => {
    const { volume, session, isResumed } = target;
    assert.deepEqual(parse({ uid: 'uid-1' }), { volume, session, isResumed, requiredUid: 'uid-1' });
    assert.deepEqual(parse({ isResumed: false }), { volume, session, isResumed: false });
  });

  it('is refused without a volume and a session', () => {
    assert.throws(() => parse({ volume: '' }), { reason: 'BadRequest' });
    assert.throws(() => parse({ session: 'mine' }), { reason: 'BadRequest' });
  });
});
