/**
 * When the node is short of something, and whether pods must go for it: the kubelet's eviction thresholds. Pure; time comes in
 * as milliseconds of a clock that never jumps.
 */
import type { Signal, SignalName, Signals } from '../../host/node-signals.ts';
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
  /** By condition, the smallest part of what is left to what must be left; 0 while a threshold is met, none without one. */
  readonly closeness: ReadonlyMap<PressureType, number>;
}

export const noMemory: PressureMemory = { metSince: new Map(), seenAt: new Map() };

/** What one core of a board takes of the kernel at most, which clears each page: 2 GiB a second. */
const fillBytesPerMs = 2 ** 31 / 1_000;

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
  const closeness = new Map<PressureType, number>();
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
      const type = pressureOf(signal);
      const isMet = seen.available < quantity + reclaim;
      const share = isMet ? 0 : seen.available / quantity;
      closeness.set(type, Math.min(closeness.get(type) ?? Infinity, share));
      if (!isMet) continue;
      metSince.set(key, since ?? nowMs);
      seenAt.set(type, nowMs);
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
  return { metSince, seenAt, conditions, toReclaim, closeness };
}

/**
 * For how many milliseconds no threshold of memory can be met, however fast it is filled; 0: one is, Infinity: there is none.
 */
export function memoryLastsMs(
  { evictionHard, evictionSoft }: Pick<EvictionSettings, 'evictionHard' | 'evictionSoft'>,
  { available, capacity }: Signal,
): number {
  const needed = [evictionHard, evictionSoft]
    .flatMap((thresholds) => thresholds['memory.available'] ?? [])
    .map((threshold) => amountOf(threshold, capacity));
  return needed.length === 0 ? Infinity : Math.max(0, available - Math.max(...needed)) / fillBytesPerMs;
}

function pressureOf(signal: SignalName): PressureType {
  if (signal === 'memory.available') return 'MemoryPressure';
  return signal === 'pid.available' ? 'PIDPressure' : 'DiskPressure';
}

function amountOf(threshold: Threshold | undefined, capacity: number): number {
  if (threshold === undefined) return 0;
  return 'amount' in threshold ? threshold.amount : Math.floor(threshold.share * capacity);
}
