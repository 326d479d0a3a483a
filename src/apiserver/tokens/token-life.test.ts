import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lifeOf } from './token-life.ts';

const year = 365 * 86_400;
const issued2026 = 1_795_000_000;

describe('a token of an hour', () => {
  const at = (issuedAt: number, sinceBoot = 100) => ({
    issuedAt,
    expiresAt: issuedAt + 3600,
    boot: 'b1',
    sinceBoot,
  });
  for (const { when, token, now, life } of [
    {
      when: 'half an hour later',
      token: at(issued2026),
      now: { wall: issued2026 + 1800, boot: 'b1', sinceBoot: 1900 },
      life: 'Alive',
    },
    {
      when: 'two hours later',
      token: at(issued2026),
      now: { wall: issued2026 + 7200, boot: 'b1', sinceBoot: 7300 },
      life: 'Expired',
    },
    {
      when: 'when a clock that stood in 1970 learns the time',
      token: at(100),
      now: { wall: issued2026, boot: 'b1', sinceBoot: 200 },
      life: 'Alive',
    },
    {
      when: 'when the clock is set back to stretch it',
      token: at(issued2026),
      now: { wall: issued2026, boot: 'b1', sinceBoot: 9000 },
      life: 'Expired',
    },
    {
      when: 'when the clock falls back by ten years',
      token: at(issued2026),
      now: { wall: issued2026 - 10 * year, boot: 'b1', sinceBoot: 200 },
      life: 'Alive',
    },
    {
      when: 'within its time after another boot',
      token: at(issued2026),
      now: { wall: issued2026 + 1800, boot: 'b2', sinceBoot: 10 },
      life: 'Alive',
    },
    {
      when: 'after its time in another boot',
      token: at(issued2026),
      now: { wall: issued2026 + 3661, boot: 'b2', sinceBoot: 10 },
      life: 'Expired',
    },
    {
      when: 'in a boot that does not know the time yet',
      token: at(issued2026),
      now: { wall: 30, boot: 'b2', sinceBoot: 30 },
      life: 'NotYetValid',
    },
    {
      when: 'on a machine that does not name its boots',
      token: { ...at(issued2026), boot: '' },
      now: { wall: issued2026 + 7200, boot: '', sinceBoot: 200 },
      life: 'Expired',
    },
  ] as const) {
    it(`is ${life} ${when}`, () => {
      assert.equal(lifeOf(token, now), life);
    });
  }
});
