import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../lib/logger.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { BlockedPairing } from './blocked-pairing.ts';

describe('that pairing is blocked', () => {
  it('is told the log and the node, a few times only, with how often it happened in between', () => {
    const clock = new FakeClock();
    const said: unknown[] = [];
    const events: string[] = [];
    const log = { ...silentLogger, warn: (message: string, fields?: object) => void said.push([message, fields]) };
    const blocked = new BlockedPairing({ clock, log, warnNode: (...event) => void events.push(event.join(': ')) });
    const peer = '192.168.1.66';
    for (let count = 0; count < 1_000; count++) blocked.turnedAway(peer);
    assert.deepEqual(said, Array(3).fill(['pairing blocked', { peer }]));
    clock.advance(60_000);
    for (let count = 0; count < 10; count++) blocked.turnedAway(peer);
    assert.deepEqual(said.slice(3), [['pairing blocked', { peer, leftOut: 997 }]]);
    assert.equal(events.length, 4);
    assert.equal(
      events[0],
      'PairingBlocked: More want to pair at once than are listened to; 192.168.1.66 was turned away',
    );
  });
});
