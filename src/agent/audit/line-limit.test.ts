import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { AuditedRequest } from '../../apiserver/audit.ts';
import { silentLogger } from '../../lib/logger.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle } from '../../testing/settle.ts';
import { LineLimit } from './line-limit.ts';

const minuteMs = 60_000;

describe('the lines that cost their cause nothing', () => {
  let clock: FakeClock;
  let limit: LineLimit;
  let told: string[];
  let stop: AbortController;
  let ended: Promise<void>;

  beforeEach(() => {
    clock = new FakeClock();
    told = [];
    stop = new AbortController();
    const tellOmitted = (username: string | undefined, count: number): void => {
      told.push(`${username ?? 'others'} ${count}`);
    };
    limit = new LineLimit({ clock, log: silentLogger, tellOmitted });
    ended = limit.run(stop.signal);
  });
  afterEach(() => stop.abort());

  const refusal = (username: string, name: string): AuditedRequest => ({
    caller: { user: { username, groups: [] } },
    address: '10.0.0.7',
    isFromDevice: false,
    userAgent: undefined,
    uri: '',
    verb: 'delete',
    target: {
      type: 'resource',
      group: '',
      version: 'v1',
      resource: 'pods',
      namespace: 'default',
      name,
      subresource: undefined,
    },
    code: 403,
    isDryRun: false,
    failure: undefined,
    receivedAtMs: 0,
    endedAtMs: 0,
  });
  /** How many of `count` refusals with names that were never used are worth a line. */
  let fresh = 0;
  const flood = (username: string, count: number): number =>
    Array.from({ length: count }, () => {
      fresh += 1;
      return limit.takes(refusal(username, `x-${fresh}`));
    }).filter(Boolean).length;
  const pass = async (ms: number): Promise<void> => {
    await settle();
    clock.advance(ms);
    await settle();
  };

  it('are written once in ten minutes when it is the same that is tried again', async () => {
    assert.equal(limit.takes(refusal('eve', 'a')), true);
    assert.equal(limit.takes(refusal('eve', 'a')), false);
    assert.equal(limit.takes(refusal('eve', 'b')), true);
    await pass(10 * minuteMs);
    assert.equal(limit.takes(refusal('eve', 'a')), true);
    assert.deepEqual(told, []);
  });

  it('are few of each user, however fresh the names are, and the rest is counted in one line', async () => {
    assert.equal(flood('eve', 900), 20);
    assert.equal(flood('bob', 1), 1);
    await pass(10 * minuteMs);
    assert.deepEqual(told, ['eve 880']);
    assert.equal(flood('eve', 900), 1);
    await pass(60 * minuteMs);
    assert.equal(flood('eve', 900), 10);
  });

  it('are counted for whoever asks, and not for those as whom he acts', () => {
    const as = (username: string): AuditedRequest => {
      const request = refusal(username, username);
      return { ...request, caller: { ...request.caller, impersonator: { username: 'ann', groups: [] } } };
    };
    const taken = Array.from({ length: 100 }, (_, index) => limit.takes(as(`u-${index}`))).filter(Boolean);
    assert.equal(taken.length, 20);
  });

  it('are few of all together when the users are many, and users that were quiet are forgotten', async () => {
    let lines = 0;
    for (let index = 0; index < 500; index += 1) lines += flood(`user-${index}`, 21);
    assert.equal(lines, 33 * 20);
    stop.abort();
    await ended;
    assert.equal(told.at(-1), 'others 9808');
    clock.advance(2 * 60 * minuteMs);
    assert.equal(flood('somebody', 21), 20);
  });

  it('are counted at the end too', async () => {
    flood('eve', 25);
    stop.abort();
    await ended;
    assert.deepEqual(told, ['eve 5']);
  });
});
