import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Lease } from '../../api/kinds/lease.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { StatusError } from '../../lib/status-error.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle } from '../../testing/settle.ts';
import { createLease, keepLease, type LeaseKeeperDeps, type LeaseWish } from './lease-keeper.ts';

const pod = { metadata: { namespace: 'default', name: 'a', uid: '1' } } as unknown as Pod;
const wish: LeaseWish = { name: 'laptop', pod, holder: 'eli@here', durationMs: 30_000 };

describe('the lease of a run', () => {
  /** A device that answers renewals with these failures, one each, or not at all, and then with none. */
  const open = (...failures: (StatusError | 'silence')[]) => {
    const clock = new FakeClock(Date.UTC(2026, 10, 22, 10));
    const calls: string[] = [];
    const made: Lease[] = [];
    const client = {
      create: async (_resource: unknown, lease: Lease) => {
        calls.push(`create at ${clock.monotonicMs() / 1_000}`);
        made.push(lease);
      },
      patch: async (
        _resource: unknown,
        _key: unknown,
        _type: unknown,
        _patch: unknown,
        _options: unknown,
        signal: AbortSignal,
      ) => {
        calls.push(`renew at ${clock.monotonicMs() / 1_000}`);
        const failure = failures.shift();
        if (failure === 'silence') await untilAborted(new Promise(() => {}), signal);
        else if (failure) throw failure;
      },
    } as unknown as LeaseKeeperDeps['client'];
    const closeIdle = (): void => void calls.push('close idle');
    const advance = async (seconds: number): Promise<void> => {
      for (let at = 0; at < seconds; at += 0.5) {
        clock.advance(500);
        await settle(5);
      }
    };
    return { deps: { client, clock, closeIdle }, calls, made, advance };
  };

  it('belongs to the pod, so that it goes with it, and says how long it lasts', async () => {
    const { deps, made } = open();
    await createLease(deps, wish);
    const [{ metadata, spec } = assert.fail('none was made')] = made;
    assert.deepEqual(metadata.ownerReferences, [{ apiVersion: 'v1', kind: 'Pod', name: 'a', uid: '1' }]);
    assert.equal(spec.leaseDurationSeconds, 30);
  });

  it('is renewed three times in its duration, until it is over', async () => {
    const { deps, calls, advance } = open();
    const over = new AbortController();
    const kept = keepLease(deps, wish, over.signal);
    await advance(25);
    over.abort();
    await kept;
    await advance(20);
    assert.deepEqual(calls, ['renew at 10', 'renew at 20']);
  });

  it('is renewed again soon when the device could not be reached', async () => {
    const { deps, calls, advance } = open(new StatusError('ServiceUnavailable', 'away'));
    const over = new AbortController();
    const kept = keepLease(deps, wish, over.signal);
    await advance(12);
    over.abort();
    await kept;
    assert.deepEqual(calls, ['renew at 10', 'close idle', 'renew at 11']);
  });

  it('is renewed in time although two renewals in a row get no answer, each time over a new connection', async () => {
    const { deps, calls, advance } = open('silence', 'silence');
    const over = new AbortController();
    const kept = keepLease(deps, wish, over.signal);
    await advance(29);
    over.abort();
    await kept;
    assert.deepEqual(calls, ['renew at 10', 'close idle', 'renew at 18.5', 'close idle', 'renew at 27']);
  });

  it('is not waited for when it is over', async () => {
    const { deps, advance } = open('silence');
    const over = new AbortController();
    const kept = keepLease(deps, wish, over.signal);
    await advance(12);
    over.abort();
    await kept;
  });

  it('is made anew on a device that was started anew', async () => {
    const { deps, calls, advance } = open(new StatusError('NotFound', 'no such lease'));
    const over = new AbortController();
    const kept = keepLease(deps, wish, over.signal);
    await advance(10);
    over.abort();
    await kept;
    assert.deepEqual(calls, ['renew at 10', 'create at 10']);
  });
});
