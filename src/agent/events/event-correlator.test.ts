import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventCorrelator, type EventIdentity } from './event-correlator.ts';

const identity = (change: Partial<EventIdentity> = {}): EventIdentity => ({
  uid: 'u1',
  fieldPath: '',
  type: 'Normal',
  reason: 'Pulled',
  message: 'm',
  component: 'kubelet',
  ...change,
});

function correlator(): EventCorrelator {
  let made = 0;
  return new EventCorrelator(() => {
    made += 1;
    return `n${made}`;
  });
}

describe('events', () => {
  it('that are equal are counted on one object', () => {
    const events = correlator();
    assert.deepEqual(events.correlate(identity(), 100, 0), { name: 'n1', count: 1, firstMs: 100 });
    assert.deepEqual(events.correlate(identity(), 200, 0), { name: 'n1', count: 2, firstMs: 100 });
    assert.deepEqual(events.correlate(identity({ message: 'other' }), 300, 0), { name: 'n2', count: 1, firstMs: 300 });
  });

  it('about one object are cut off after 25, then one comes through each 5 minutes', () => {
    const events = correlator();
    for (let index = 0; index < 25; index += 1) assert.ok(events.correlate(identity({ message: `${index}` }), 0, 0));
    assert.equal(events.correlate(identity({ message: 'too much' }), 0, 0), undefined);
    assert.ok(events.correlate(identity({ uid: 'u2' }), 0, 0), 'another object is not concerned');
    assert.ok(events.correlate(identity({ message: 'later' }), 0, 300_000));
    assert.equal(events.correlate(identity({ message: 'too soon' }), 0, 300_001), undefined);
  });

  it('are remembered in bounded memory', () => {
    const events = correlator();
    for (let index = 0; index < 5_000; index += 1) events.correlate(identity({ uid: `u${index}` }), 0, 0);
    assert.equal(events.correlate(identity({ uid: 'u0' }), 0, 0)?.count, 1);
  });
});
