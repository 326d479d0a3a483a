/**
 * Evicts pods before the node itself runs out of memory, disk or processes, and pods that outgrow their room on disk.
 *
 * Looks at a few numbers of the kernel at a long, jittered interval, and often while one of them comes near its threshold. What
 * is left of memory, which can be gone in a second, is read each second in between (docs/adr/0033). One pod goes at a time, and the next only when it is gone or half a minute is over (kubelet: podCleanupTimeout). What pods use is
 * read only then, and room on disk only of pods that have a limit on it.
 */

import { isFinished } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { NodeSignals } from '../../host/node-signals.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { podLogName, podRef } from '../pod-names.ts';
import type { PodVerdicts, Verdict } from '../sync/services.ts';
import {
  computePressure,
  type EvictionSettings,
  type MetThreshold,
  memoryLastsMs,
  noMemory,
  type Pressure,
  type PressureType,
} from './compute-pressure.ts';
import { type ContainerUse, lowResourceMessage } from './eviction-message.ts';
import { isProtected, type PodUse, rankPods } from './rank-pods.ts';
import { exceededLimit, hasStorageLimit, type PodDiskUse } from './storage-limits.ts';

export interface EvictionDeps {
  readonly settings: EvictionSettings & {
    /** Seconds that a pod gets at most when a soft threshold ends it. */
    readonly evictionMaxPodGracePeriod: number;
    /** Milliseconds between two looks when nothing is near. */
    readonly nodeStatusUpdateFrequency: number;
  };
  readonly signals: NodeSignals;
  /** Pods of this device; finished ones too. */
  readonly pods: () => readonly Pod[];
  /** Whether what the pod used was given back: its processes, its volumes, its control group. */
  readonly isReclaimed: (uid: string) => boolean;
  readonly usage: {
    /** Undefined when nothing of the pod runs. */
    memory(
      pod: Pod,
    ): Promise<
      { readonly use: Omit<PodUse, 'diskBytes' | 'pod'>; readonly containers: ReadonlyMap<string, number> } | undefined
    >;
    disk(pod: Pod, signal: AbortSignal): Promise<PodDiskUse>;
  };
  /** Gives back what nobody needs on disk, before a pod goes for it. Default: nothing can be. */
  readonly reclaimDisk?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** Has a pod looked at now, whatever is being done for it. */
  readonly wake: (uid: string) => void;
  /** Hears of each change of the conditions. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1). */
  readonly random: () => number;
}

/** How long the next pod waits for the one before it to be gone, in milliseconds. */
const cleanupMs = 30_000;
/** Between two reads of how much memory is left, in milliseconds. */
const memoryReadMs = 1_000;
/** Between two tries to give back what nobody needs on disk, which reads every stored object, in milliseconds. */
const reclaimEveryMs = 10_000;
/**
 * What counts as near, so many times what must be left, and the milliseconds between two looks then. Memory is read by itself
 * before; room on disk may stay near for ever, and is looked at as often as the kubelet does.
 */
const nearness: Readonly<Record<PressureType, { readonly near: number; readonly lookMs: number }>> = {
  MemoryPressure: { near: 1, lookMs: 1_000 },
  PIDPressure: { near: 1.5, lookMs: 1_000 },
  DiskPressure: { near: 1.5, lookMs: 10_000 },
};
/** So many times the time between two looks passes between two at room on disk, however near something is: files are counted. */
const storageEvery = 6;
/** A pod whose end is urgent gets a second (immediateEvictionGracePeriodSeconds). */
const hardGraceSeconds = 1;

export class EvictionManager implements PodVerdicts {
  readonly #deps: EvictionDeps;
  readonly #verdicts = new Map<string, Verdict>();
  #pressure: Pressure | undefined;
  /** The pod that went last, and until when it is waited for. */
  #going: { readonly uid: string; readonly untilMonotonicMs: number } | undefined;
  /** What was just given back is not looked for again. */
  #reclaimAgainAtMs = 0;

  constructor(deps: EvictionDeps) {
    this.#deps = deps;
  }

  /** What the node is short of. */
  get conditions(): ReadonlySet<PressureType> {
    return this.#pressure?.conditions ?? new Set();
  }

  verdict(pod: Pod): Verdict | undefined {
    return this.#verdicts.get(podRef(pod).uid);
  }

  /** Looks until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, settings, random } = this.#deps;
    let storageDueMs = clock.monotonicMs();
    while (!signal.aborted) {
      try {
        await this.look(signal);
        if (clock.monotonicMs() >= storageDueMs) {
          storageDueMs = clock.monotonicMs() + storageEvery * settings.nodeStatusUpdateFrequency;
          await this.checkStorage(signal);
        }
      } catch (error) {
        if (signal.aborted) return;
        log.warn('cannot look at what is left on the node', { error });
      }
      await this.#pause(this.#pauseMs() * (0.9 + 0.2 * random()), signal).catch(() => {});
    }
  }

  #pauseMs(): number {
    let pauseMs = this.#deps.settings.nodeStatusUpdateFrequency;
    for (const [type, closeness] of this.#pressure?.closeness ?? []) {
      const { near, lookMs } = nearness[type];
      if (closeness < near) pauseMs = Math.min(pauseMs, lookMs);
    }
    return pauseMs;
  }

  /** Waits so many milliseconds, or until memory gets short. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const { clock, settings, signals } = this.#deps;
    const dueMs = clock.monotonicMs() + ms;
    for (let leftMs = ms; leftMs > 0; leftMs = dueMs - clock.monotonicMs()) {
      const memory = signals.memory();
      const lastsMs = memory === undefined ? Infinity : memoryLastsMs(settings, memory);
      if (lastsMs === 0 && leftMs < ms) return;
      await clock.sleep(Math.min(leftMs, Math.max(lastsMs, memoryReadMs)), signal);
    }
  }

  /** One look at the node; evicts at most one pod. */
  async look(signal: AbortSignal): Promise<void> {
    const { settings, signals, clock, onChange, reclaimDisk, log } = this.#deps;
    const before = this.conditions;
    // Asked before the numbers are read: a pod that is gone by then may have gone after they were.
    const isWaiting = this.#isWaiting();
    this.#pressure = computePressure(settings, await signals.read(), this.#pressure ?? noMemory, clock.monotonicMs());
    if (before.symmetricDifference(this.conditions).size > 0) {
      log.info('pressure on the node changed', { conditions: [...this.conditions] });
      onChange();
    }
    this.#forgetGone();
    const [met] = this.#pressure.toReclaim;
    if (met === undefined || isWaiting) return;
    const nowMs = clock.monotonicMs();
    if (reclaimDisk && isDisk(met) && nowMs >= this.#reclaimAgainAtMs) {
      this.#reclaimAgainAtMs = nowMs + reclaimEveryMs;
      // A pod that must go may not stay because of it.
      await reclaimDisk(signal).catch((error) => log.warn('room on disk was not reclaimed', { error }));
      signal.throwIfAborted();
      const again = computePressure(settings, await signals.read(), this.#pressure, clock.monotonicMs());
      if (!again.toReclaim.some(({ signal: name }) => name === met.signal)) return;
    }
    await this.#evictFor(met, signal);
  }

  /** Evicts pods that use more room on disk than they were given. */
  async checkStorage(signal: AbortSignal): Promise<void> {
    for (const pod of this.#candidates().filter((each) => hasStorageLimit(each) && !isProtected(each))) {
      const message = exceededLimit(pod, await this.#deps.usage.disk(pod, signal));
      if (message !== undefined) this.#evict(pod, message, hardGraceSeconds);
    }
  }

  #candidates(): readonly Pod[] {
    return this.#deps.pods().filter((pod) => !isFinished(pod) && !this.#verdicts.has(podRef(pod).uid));
  }

  async #evictFor(met: MetThreshold, signal: AbortSignal): Promise<void> {
    const { usage, settings, log } = this.#deps;
    const uses: (PodUse & { readonly containers: readonly ContainerUse[] })[] = [];
    for (const pod of this.#candidates()) {
      const running = await usage.memory(pod);
      if (running === undefined) continue;
      const disk = isDisk(met) ? await usage.disk(pod, signal) : undefined;
      const diskBytes = [...(disk?.containers.values() ?? []), ...(disk?.emptyDirs.values() ?? [])].reduce(
        (a, b) => a + b,
        0,
      );
      const containers = pod.spec.containers.map(({ name }) => ({
        name,
        memoryBytes: running.containers.get(name) ?? 0,
        diskBytes: disk?.containers.get(name) ?? 0,
      }));
      uses.push({ pod, ...running.use, diskBytes, containers });
    }
    const [first] = rankPods(uses, met.signal);
    const use = uses.find(({ pod }) => pod === first?.pod);
    if (use === undefined) {
      log.warn('the node is short of something, and no pod may be evicted for it', { signal: met.signal });
      return;
    }
    const graceSeconds = met.isHard
      ? hardGraceSeconds
      : Math.min(settings.evictionMaxPodGracePeriod, use.pod.spec.terminationGracePeriodSeconds ?? 30);
    this.#evict(use.pod, lowResourceMessage(met, use.pod, use.containers), graceSeconds);
  }

  #evict(pod: Pod, message: string, graceSeconds: number): void {
    const { clock, wake, log } = this.#deps;
    const { uid } = podRef(pod);
    log.warn('evicting a pod', { pod: podLogName(podRef(pod)), message });
    this.#verdicts.set(uid, {
      reason: 'Evicted',
      message,
      graceSeconds,
      event: { reason: 'Evicted', message },
      condition: { type: 'DisruptionTarget', reason: 'TerminationByKubelet', message },
    });
    this.#going = { uid, untilMonotonicMs: clock.monotonicMs() + cleanupMs };
    wake(uid);
  }

  /** Whether the last pod is still on its way, and its room may still come. */
  #isWaiting(): boolean {
    const going = this.#going;
    if (going === undefined || going.untilMonotonicMs <= this.#deps.clock.monotonicMs()) return false;
    return !this.#deps.isReclaimed(going.uid);
  }

  #forgetGone(): void {
    const uids = new Set(this.#deps.pods().map((pod) => podRef(pod).uid));
    for (const uid of this.#verdicts.keys()) if (!uids.has(uid)) this.#verdicts.delete(uid);
  }
}

function isDisk({ signal }: MetThreshold): boolean {
  return signal.startsWith('nodefs') || signal.startsWith('imagefs');
}
