import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { FakeClock } from '../testing/fake-clock.ts';
import { Expectations } from './expectations.ts';

let clock: FakeClock;
let expectations: Expectations;

beforeEach(() => {
  clock = new FakeClock();
  expectations = new Expectations(clock);
});

describe('expectations', () => {
  it('are met when nothing was expected', () => {
    assert.ok(expectations.areMet('web'));
  });

  it('wait until every creation was seen, or will not be', () => {
    expectations.expectCreations('web', 3);
    expectations.creationSeen('web');
    assert.ok(!expectations.areMet('web'));
    expectations.creationSeen('web', 2);
    assert.ok(expectations.areMet('web'));
  });

  it('wait for each deletion, however often it is seen', () => {
    expectations.expectDeletions('web', ['a', 'b']);
    for (let count = 0; count < 3; count += 1) expectations.deletionSeen('web', 'a');
    assert.ok(!expectations.areMet('web'));
    expectations.deletionSeen('web', 'b');
    assert.ok(expectations.areMet('web'));
  });

  it('are given up after five minutes, whatever the wall clock says', () => {
    expectations.expectCreations('web', 1);
    clock.jumpTo(Date.UTC(2050, 0, 1));
    clock.advance(299_000);
    assert.ok(!expectations.areMet('web'));
    clock.advance(2_000);
    assert.ok(expectations.areMet('web'));
  });

  it('of one owner are not those of another', () => {
    expectations.expectCreations('web', 1);
    assert.ok(expectations.areMet('other'));
    expectations.forget('web');
    assert.ok(expectations.areMet('web'));
  });
});
