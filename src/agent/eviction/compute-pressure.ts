/**
 * When the node is short of something, and whether pods must go for it: the kubelet's eviction thresholds. Pure; time comes in
 * as milliseconds of a clock that never jumps.
 */
import type { SignalName, Signals } from '../../host/node-signals.ts';
import type { Threshold, Thresholds } from '../settings/resource-settings.ts';

export type PressureType = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure';

export interface EvictionSettings {
  readonly evictionHard: Thresholds;
  readonly evictionSoft: Thresholds;
  /** By signal, milliseconds that a soft threshold must be met before a pod goes. */
  readonly evictionSoftGracePeriod: Readonly<Partial<Record<SignalName, number>>>;
  readonly evictionMinimumReclaim: Thresholds;
  /** Milliseconds that a condition outlasts its cause. */
  readonly evictionPressureTransitionPeriod: number;
}

/** One threshold that is met. */
export interface MetThreshold {
  readonly signal: SignalName;
  readonly isHard: boolean;
  /** What must be left, in the unit of the signal. */
  readonly quantity: number;
  readonly available: number;
}

/** What must be remembered from one look to the next. */
export interface PressureMemory {
  /** By threshold, since when it is met. */
  readonly metSince: ReadonlyMap<string, number>;
  /** By condition, when it was last true. */
  readonly seenAt: ReadonlyMap<PressureType, number>;
}

export interface Pressure extends PressureMemory {
  readonly conditions: ReadonlySet<PressureType>;
  /** Thresholds for which a pod must go now, the most urgent first. */
  readonly toReclaim: readonly MetThreshold[];
  /** The smallest part of what is left to what must be left, of memory and processes; a little above 1 is close. */
  readonly closeness: number;
  /** The same of room on disk, which is used up more slowly. */
  readonly diskCloseness: number;
}

export const noMemory: PressureMemory = { metSince: new Map(), seenAt: new Map() };

/** Memory first: it ends in an instant. */
const order: readonly SignalName[] = [
  'memory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
  'pid.available',
];

export function computePressure(
  settings: EvictionSettings,
  signals: Signals,
  memory: PressureMemory,
  nowMs: number,
): Pressure {
  const metSince = new Map<string, number>();
  const seenAt = new Map(memory.seenAt);
  const toReclaim: MetThreshold[] = [];
  let closeness = Infinity;
  let diskCloseness = Infinity;
  for (const signal of order) {
    const seen = signals[signal];
    if (seen === undefined) continue;
    for (const [isHard, threshold] of [
      [true, settings.evictionHard[signal]],
      [false, settings.evictionSoft[signal]],
    ] as const) {
      if (threshold === undefined) continue;
      const quantity = amountOf(threshold, seen.capacity);
      const key = `${signal} ${isHard}`;
      const since = memory.metSince.get(key);
      // Once it is met, so much more must be free again.
      const reclaim = since === undefined ? 0 : amountOf(settings.evictionMinimumReclaim[signal], seen.capacity);
      const share = quantity === 0 ? Infinity : seen.available / quantity;
      if (pressureOf(signal) === 'DiskPressure') diskCloseness = Math.min(diskCloseness, share);
      else closeness = Math.min(closeness, share);
      if (seen.available >= quantity + reclaim) continue;
      metSince.set(key, since ?? nowMs);
      seenAt.set(pressureOf(signal), nowMs);
      const graceMs = isHard ? 0 : (settings.evictionSoftGracePeriod[signal] ?? 0);
      if (nowMs - (since ?? nowMs) < graceMs) continue;
      toReclaim.push({ signal, isHard, quantity, available: seen.available });
    }
  }
  const conditions = new Set(
    [...seenAt]
      .filter(([, at]) => at === nowMs || nowMs - at < settings.evictionPressureTransitionPeriod)
      .map(([type]) => type),
  );
  return { metSince, seenAt, conditions, toReclaim, closeness, diskCloseness };
}

function pressureOf(signal: SignalName): PressureType {
  if (signal === 'memory.available') return 'MemoryPressure';
  return signal === 'pid.available' ? 'PIDPressure' : 'DiskPressure';
}

function amountOf(threshold: Threshold | undefined, capacity: number): number {
  if (threshold === undefined) return 0;
  return 'amount' in threshold ? threshold.amount : Math.floor(threshold.share * capacity);
}
