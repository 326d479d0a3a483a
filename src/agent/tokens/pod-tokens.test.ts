import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ServiceAccount } from '../../api/kinds/service-account.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { makePod } from '../../testing/pods.ts';
import { settle } from '../../testing/settle.ts';
import { PodTokens } from './pod-tokens.ts';

describe('the tokens of pods', () => {
  let clock: FakeClock;
  let accounts: Record<string, string>;
  let issued: number;
  let woken: string[];
  let tokens: PodTokens;
  let stop: AbortController;
  let running: Promise<void>;
  let tell: (change: { readonly type: string; readonly object: ServiceAccount }) => void;
  const pod = makePod({ spec: { serviceAccountName: 'robot' } });
  const uid = pod.metadata.uid ?? '';
  const hour = { expirationSeconds: 3600 };

  beforeEach(() => {
    clock = new FakeClock(1_000);
    accounts = { robot: 'u1' };
    issued = 0;
    woken = [];
    tokens = new PodTokens({
      clock,
      accounts: {
        get: ({ name }) =>
          accounts[name] === undefined ? undefined : ({ metadata: { uid: accounts[name] } } as ServiceAccount),
        onChange: (listener) => {
          tell = listener;
          return () => {};
        },
      },
      issue: ({ audiences }) => {
        issued += 1;
        return { token: `${issued} for ${audiences.join() || 'api'}` };
      },
      node: () => ({ name: 'device', uid: 'n1' }),
      wake: (each) => void woken.push(each),
      jitterMs: () => 0,
    });
    stop = new AbortController();
    running = tokens.run(stop.signal);
  });
  afterEach(async () => {
    stop.abort();
    await running;
    assert.equal(clock.sleeping, 0);
  });

  /** Minute by minute, as the renewals look. */
  const pass = async (minutes: number): Promise<void> => {
    for (let minute = 0; minute < minutes; minute += 1) {
      clock.advance(60_000);
      await settle();
    }
  };

  it('are the same at every look until four fifths of their life are over; then the pod is woken for a new one', async () => {
    assert.equal(tokens.token(pod, hour), '1 for api');
    await pass(47);
    assert.equal(tokens.token(pod, hour), '1 for api');
    assert.deepEqual(woken, []);
    await pass(1);
    assert.deepEqual(woken, [uid]);
    assert.equal(tokens.token(pod, hour), '2 for api');
    await pass(40);
    assert.deepEqual(woken, [uid]);
  });

  it('are renewed after a day at the latest', async () => {
    tokens.token(pod, { expirationSeconds: 30 * 86_400 });
    await pass(24 * 60);
    assert.deepEqual(woken, [uid]);
  });

  it('are one for each audience and life', () => {
    assert.equal(tokens.token(pod, hour), '1 for api');
    assert.equal(tokens.token(pod, { ...hour, audience: 'vault' }), '2 for vault');
    assert.equal(tokens.token(pod, { expirationSeconds: 600 }), '3 for api');
    assert.equal(tokens.token(pod, { ...hour, audience: 'vault' }), '2 for vault');
  });

  it('are renewed when the clock is set, since what they say of time is wrong', async () => {
    tokens.token(pod, hour);
    clock.jumpTo(Date.UTC(2036, 0, 1));
    await pass(1);
    assert.deepEqual(woken, [uid]);
    assert.equal(tokens.token(pod, hour), '2 for api');
    await pass(1);
    assert.deepEqual(woken, [uid]);
  });

  it('last to their end when the account is gone, and are renewed for another account of its name', async () => {
    tokens.token(pod, hour);
    accounts = {};
    await pass(50);
    assert.equal(tokens.token(pod, hour), '1 for api');
    await pass(10);
    assert.throws(() => tokens.token(pod, hour), /failed to fetch token: serviceaccounts "robot" not found/);
    accounts = { robot: 'u2' };
    assert.equal(tokens.token(pod, hour), '2 for api');
    accounts = { robot: 'u3' };
    assert.equal(tokens.token(pod, hour), '3 for api');
  });

  it('are asked for again as soon as the account is there', () => {
    accounts = {};
    assert.throws(() => tokens.token(pod, hour), /failed to fetch token/);
    const added = (name: string) => ({
      type: 'added',
      object: { metadata: { namespace: 'default', name } } as ServiceAccount,
    });
    tell(added('other'));
    assert.deepEqual(woken, []);
    accounts = { robot: 'u1' };
    tell(added('robot'));
    assert.deepEqual(woken, [uid]);
    tokens.token(pod, hour);
    tell(added('robot'));
    assert.deepEqual(woken, [uid]);
  });

  it('are forgotten with the pod', async () => {
    tokens.token(pod, hour);
    tokens.forget(uid);
    await pass(60);
    assert.deepEqual(woken, []);
  });
});
