import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Signals } from '../../host/node-signals.ts';
import {
  computePressure,
  type EvictionSettings,
  memoryLastsMs,
  noMemory,
  type PressureMemory,
} from './compute-pressure.ts';

const settings = (changes: Partial<EvictionSettings> = {}): EvictionSettings => ({
  evictionHard: { 'memory.available': { amount: 100 }, 'nodefs.available': { share: 0.1 } },
  evictionSoft: {},
  evictionSoftGracePeriod: {},
  evictionMinimumReclaim: {},
  evictionPressureTransitionPeriod: 5_000,
  ...changes,
});
const signals = (memory: number, disk = 500, pids = 500): Signals => ({
  'memory.available': { available: memory, capacity: 1000 },
  'nodefs.available': { available: disk, capacity: 1000 },
  'pid.available': { available: pids, capacity: 1000 },
});
const look = (seen: Signals, at = 0, memory: PressureMemory = noMemory, changes: Partial<EvictionSettings> = {}) =>
  computePressure(settings(changes), seen, memory, at);

describe('pressure on the node', () => {
  it('is none while enough is left', () => {
    const { conditions, toReclaim, closeness } = look(signals(150));
    assert.deepEqual([...conditions], []);
    assert.deepEqual(toReclaim, []);
    assert.deepEqual(Object.fromEntries(closeness), { MemoryPressure: 1.5, DiskPressure: 5 });
  });

  it('is told with what is left and what must be, amounts and shares alike, memory first', () => {
    const { conditions, toReclaim } = look(signals(99, 99));
    assert.deepEqual([...conditions], ['MemoryPressure', 'DiskPressure']);
    assert.deepEqual(toReclaim, [
      { signal: 'memory.available', isHard: true, quantity: 100, available: 99 },
      { signal: 'nodefs.available', isHard: true, quantity: 100, available: 99 },
    ]);
  });

  it('outlasts its cause by the transition period, but ends nobody then', () => {
    const first = look(signals(99), 0);
    const second = look(signals(500), 4_999, first);
    assert.deepEqual([...second.conditions], ['MemoryPressure']);
    assert.deepEqual(second.toReclaim, []);
    assert.deepEqual([...look(signals(500), 5_000, second).conditions], []);
  });

  it('of a soft threshold is told at once, and ends pods after its grace period', () => {
    const soft = {
      evictionSoft: { 'pid.available': { amount: 600 } },
      evictionSoftGracePeriod: { 'pid.available': 2_000 },
    };
    const first = look(signals(500), 0, noMemory, soft);
    assert.deepEqual([...first.conditions], ['PIDPressure']);
    assert.deepEqual(first.toReclaim, []);
    const second = look(signals(500), 2_000, first, soft);
    assert.equal(second.toReclaim[0]?.isHard, false);
    const gone = look(signals(500, 500, 700), 2_500, second, soft);
    assert.deepEqual(look(signals(500), 3_000, gone, soft).toReclaim, []);
  });

  it('goes on until the minimum is reclaimed', () => {
    const more = { evictionMinimumReclaim: { 'memory.available': { amount: 50 } } };
    assert.equal(look(signals(120), 0, noMemory, more).toReclaim.length, 0);
    const met = look(signals(99), 0, noMemory, more);
    const still = look(signals(149), 1, met, more);
    assert.equal(still.closeness.get('MemoryPressure'), 0);
    assert.equal(still.toReclaim.length, 1);
    assert.equal(look(signals(150), 2, still, more).toReclaim.length, 0);
  });

  it('says nothing about what could not be read', () => {
    assert.deepEqual(look({}).toReclaim, []);
    assert.equal(look({}).closeness.size, 0);
  });
});

describe('memory', () => {
  const gib = 2 ** 30;
  const hard = { 'memory.available': { amount: gib } };
  const lasts = (available: number, changes: Partial<EvictionSettings>): number =>
    memoryLastsMs(settings(changes), { available, capacity: 16 * gib });

  it('lasts as long as it takes to fill what is left above the highest threshold', () => {
    const evictionSoft = { 'memory.available': { share: 0.25 } };
    assert.equal(lasts(5 * gib, { evictionHard: hard }), 2_000);
    assert.equal(lasts(5 * gib, { evictionHard: hard, evictionSoft }), 500);
    assert.equal(lasts(3 * gib, { evictionHard: hard, evictionSoft }), 0);
  });

  it('lasts for ever without a threshold', () => {
    assert.equal(lasts(gib, { evictionHard: {} }), Infinity);
  });
});
