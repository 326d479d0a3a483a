import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSystemClock } from '../../lib/clock.ts';
import { answerOf, fakeLan } from '../../testing/fake-lan.ts';
import { browse } from './browse.ts';

const kitchen = answerOf({ node: 'kitchen', address: '192.168.1.1', fingerprint: 'a' });
const garage = answerOf({ node: 'garage', address: '192.168.1.2', fingerprint: 'b' });
const clock = createSystemClock();
const { signal } = new AbortController();

describe('browsing', () => {
  it('gives every device that answers, and tells of each at once', async () => {
    const seen: number[] = [];
    const lan = fakeLan((_question, number) => (number === 1 ? [kitchen] : [garage]));
    const found = await browse({ lan, clock, signal, onChange: (devices) => seen.push(devices.length) });
    assert.deepEqual(
      found.map(({ node }) => node),
      ['garage', 'kitchen'],
    );
    assert.deepEqual(seen, [1, 2]);
  });

  it('asks again, for answers get lost', async () => {
    const lan = fakeLan((_question, number) => (number === 3 ? [kitchen] : []));
    const found = await browse({ lan, clock, signal, isComplete: (devices) => devices.length > 0 });
    assert.equal(found.length, 1);
  });

  it('asks for what a device left out', async () => {
    const name = kitchen.answers[0]?.data;
    const lan = fakeLan((question, number) => {
      if (number === 1) return [{ ...kitchen, additionals: [] }];
      const asks = question.questions.some((one) => one.name === name && one.type === 'ANY');
      return asks ? [{ ...kitchen, answers: kitchen.additionals, additionals: [] }] : [];
    });
    const found = await browse({ lan, clock, signal, isComplete: (devices) => devices.length > 0 });
    assert.equal(found.length, 1);
  });

  it('ends early when all who are expected have answered', async () => {
    const lan = fakeLan(() => [kitchen]);
    await browse({ lan, clock, signal, isComplete: (devices) => devices.length === 1 });
    assert.ok(lan.asked() < 3, `it asked ${lan.asked()} times`);
  });

  it('ends within a second when somebody who is expected does not come', async () => {
    const begin = clock.monotonicMs();
    const lan = fakeLan(() => []);
    assert.deepEqual(await browse({ lan, clock, signal, isComplete: () => false }), []);
    assert.ok(clock.monotonicMs() - begin >= 750);
    assert.equal(lan.asked(), 3);
  });

  it('ends when it is told to', async () => {
    const stop = new AbortController();
    const lan = fakeLan(() => {
      stop.abort(new Error('stopped'));
      return [];
    });
    await assert.rejects(browse({ lan, clock, signal: stop.signal }), /stopped/);
  });
});
