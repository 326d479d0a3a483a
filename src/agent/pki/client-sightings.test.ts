import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ObjectClient } from '../../api/object-client.ts';
import { silentLogger } from '../../lib/logger.ts';
import { StatusError } from '../../lib/status-error.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle } from '../../testing/settle.ts';
import { ClientSightings } from './client-sightings.ts';

describe('when clients were last seen', () => {
  const nowMs = Date.UTC(2026, 10, 22, 10, 0, 42);
  let clock: FakeClock;
  let written: string[];
  let isGone: boolean;
  let sightings: ClientSightings;

  let stop: AbortController;

  beforeEach(() => {
    clock = new FakeClock(nowMs);
    written = [];
    isGone = false;
    const patch = async (_resource: unknown, { name }: { name: string }, _type: unknown, body: unknown) => {
      if (isGone) throw new StatusError('NotFound', 'gone');
      const { lastSeen, address } = (body as { status: Record<string, string> }).status;
      written.push(`${name} ${lastSeen} ${address}`);
    };
    sightings = new ClientSightings({
      client: { patch } as unknown as Pick<ObjectClient, 'patch'>,
      clock,
      log: silentLogger,
      objectNameOf: (fingerprint) => (fingerprint === 'ff' ? 'bob' : undefined),
    });
    stop = new AbortController();
    void sightings.run(stop.signal);
  });
  afterEach(() => stop.abort());

  it('are written at once the first time, and never earlier than the request: it may be the first after pairing', async () => {
    sightings.seen('ff', '10.0.0.7');
    await settle();
    assert.deepEqual(written, ['bob 2026-11-22T10:00:42Z 10.0.0.7']);
  });

  it('are written once a minute at most, with the last address', async () => {
    sightings.seen('ff', '10.0.0.7');
    await settle();
    for (let second = 0; second < 59; second += 1) {
      clock.advance(1_000);
      sightings.seen('ff', `10.0.0.${second}`);
      await settle();
    }
    assert.equal(written.length, 1);
    clock.advance(1_000);
    await settle();
    assert.deepEqual(written.slice(1), ['bob 2026-11-22T10:01:41Z 10.0.0.58']);
  });

  it('cost nothing while nobody comes, nor twice within a minute from one address', async () => {
    sightings.seen('ff', '10.0.0.7');
    await settle();
    sightings.seen('ff', '10.0.0.7');
    clock.advance(3_600_000);
    await settle();
    assert.equal(written.length, 1);
  });

  it('are dropped for a client that was revoked', async () => {
    sightings.seen('00', '10.0.0.7');
    isGone = true;
    sightings.seen('ff', '10.0.0.7');
    await settle();
    clock.advance(600_000);
    await settle();
    assert.deepEqual(written, []);
  });
});
