import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exchangeTimeoutMs } from '../../api/pairing/exchange.ts';
import {
  beginTry,
  codeLifetimeMs,
  isAlive,
  maxTries,
  noCode,
  openCode,
  type PairingState,
  type Try,
  useCode,
} from './pairing-code.ts';

const grant = { groups: ['system:masters'] };
const minute = 60_000;

function open(state: PairingState, code: string, nowMs: number): PairingState {
  const opened = openCode(state, { code, grant }, nowMs);
  assert.ok('state' in opened, 'locked');
  return opened.state;
}

function lockedFor(state: PairingState, nowMs: number): number {
  const opened = openCode(state, { code: 'x', grant }, nowMs);
  return 'lockedForMs' in opened ? opened.lockedForMs : 0;
}

function tryOnce(state: PairingState, nowMs: number): { readonly state: PairingState; readonly begun: Try } {
  const { state: next, begun } = beginTry(state, nowMs);
  assert.ok(begun, 'no try');
  return { state: next, begun };
}

/** All tries of a new code are spent at `nowMs`. */
function spend(state: PairingState, nowMs: number): PairingState {
  let next = open(state, 'c', nowMs);
  for (let count = 0; count < maxTries; count++) next = tryOnce(next, nowMs).state;
  return next;
}

describe('the pairing code of a device', () => {
  it('is none until one is opened', () => {
    assert.equal(beginTry(noCode, 0).begun, undefined);
  });

  it('can be tried five times, and not once more', () => {
    let state = open(noCode, 'a', 0);
    for (let count = 0; count < maxTries; count++) state = tryOnce(state, 1).state;
    assert.equal(beginTry(state, 1).begun, undefined);
  });

  it('lasts five minutes', () => {
    const state = open(noCode, 'a', 100);
    assert.ok(beginTry(state, 100 + codeLifetimeMs - 1).begun);
    assert.equal(beginTry(state, 100 + codeLifetimeMs).begun, undefined);
  });

  it('ends an exchange that takes too long, and any when it expires', () => {
    const { state, begun } = tryOnce(open(noCode, 'a', 0), 0);
    assert.ok(isAlive(state, begun, exchangeTimeoutMs - 1));
    assert.ok(!isAlive(state, begun, exchangeTimeoutMs));
    const late = tryOnce(state, codeLifetimeMs - 10);
    assert.ok(isAlive(late.state, late.begun, codeLifetimeMs - 1));
    assert.ok(!isAlive(late.state, late.begun, codeLifetimeMs));
  });

  it('works once: the other exchanges that began with it end', () => {
    const first = tryOnce(open(noCode, 'a', 0), 0);
    const second = tryOnce(first.state, 0);
    assert.ok(isAlive(second.state, first.begun, 1));
    assert.ok(!isAlive(useCode(), second.begun, 1));
  });

  it('is replaced by the next one, and so are its tries', () => {
    const { state, begun } = tryOnce(open(noCode, 'a', 0), 0);
    const next = open(state, 'b', 1);
    assert.ok(!isAlive(next, begun, 2));
    assert.equal(tryOnce(next, 2).begun.code.code, 'b');
    assert.equal(next.open?.triesLeft, maxTries);
    // Also when chance gives the same code again.
    assert.ok(!isAlive(open(state, 'a', 1), begun, 2));
  });

  it('may still be used by the last try, which forgets the lock', () => {
    const state = spend(noCode, 0);
    assert.equal(lockedFor(state, 0), minute);
    assert.equal(lockedFor(useCode(), 0), 0);
  });

  it('locks for twice as long with each code whose tries are spent, an hour at most', () => {
    let state: PairingState = noCode;
    let nowMs = 0;
    const locks: number[] = [];
    for (let count = 0; count < 8; count++) {
      state = spend(state, nowMs);
      locks.push(lockedFor(state, nowMs) / minute);
      nowMs += lockedFor(state, nowMs);
    }
    assert.deepEqual(locks, [1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it('does not lock when it merely expires', () => {
    const state = tryOnce(open(noCode, 'a', 0), 0).state;
    assert.equal(lockedFor(state, codeLifetimeMs), 0);
  });
});
