/**
 * Keeps the logs of running containers within their bounds: rotates what is too large, and lets a pod that writes more
 * than it may write nowhere for a while.
 *
 * A log at rest costs nothing: the system tells of its next line. From then on it is looked at about once a second
 * (faster the sooner it will be full) until it rests again. The runtime writes the files itself, so a bound can be
 * exceeded by what is written between two looks.
 */

import { Alarm } from '../../../lib/alarm.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import { RateBudget } from '../../../lib/rate-budget.ts';
import type { LogLimits } from './log-limits.ts';
import { holdLog, isHeld, type RotateDeps, type RotationFiles, resumeLog, rotateLog } from './rotate-log.ts';

/** A running container, as far as its log is concerned. */
export interface LoggingContainer {
  readonly id: string;
  readonly podUid: string;
  readonly name: string;
  readonly logPath: string;
}

export interface LogKeeperDeps {
  readonly files: RotationFiles & {
    watchFile(path: string, listener: () => void): (() => void) | undefined;
  };
  readonly clock: Clock;
  readonly log: Logger;
  /** Containers of a pod that run now; all of them when no pod is named. */
  readonly running: (podUid?: string) => readonly LoggingContainer[];
  /** Calls `listener` with the uid of each pod of which something began or ended, until the returned function is called. */
  readonly onChange: (listener: (podUid: string) => void) => () => void;
  readonly limits: (container: LoggingContainer) => LogLimits;
  readonly reopen: (containerId: string, signal: AbortSignal) => Promise<void>;
  /** Told when a container's output begins to be dropped. */
  readonly onDropped: (container: LoggingContainer, limits: LogLimits) => void;
}

const usualLookMs = 1_000;
const fastestLookMs = 100;
/** A log that did not grow for so long is at rest. */
const restAfterMs = 10_000;
/** After a failure, and where the system cannot watch: the kubelet's containerLogMonitorInterval. */
const slowLookMs = 10_000;

interface Tracked {
  readonly container: LoggingContainer;
  limits: LogLimits;
  size: number;
  /** Undefined: at rest, until the system tells of a change. */
  nextLookMs: number | undefined;
  lookedAtMs: number;
  grewAtMs: number;
  /** Monotonic and wall time since when its output is dropped; `wallMs` is unknown when another process began it. */
  held: { readonly wallMs: number | undefined } | undefined;
  unwatch: (() => void) | undefined;
}

export class LogKeeper {
  readonly #deps: LogKeeperDeps;
  readonly #tracked = new Map<string, Tracked>();
  readonly #budgets = new Map<string, RateBudget>();
  readonly #changed = new Set<string>();
  readonly #alarm = new Alarm();

  constructor(deps: LogKeeperDeps) {
    this.#deps = deps;
  }

  /** Works until `signal` aborts. Failures are logged and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onChange, running } = this.#deps;
    signal.addEventListener('abort', this.#alarm.ring, { once: true });
    const unlisten = onChange((uid) => {
      this.#changed.add(uid);
      this.#alarm.ring();
    });
    for (const { podUid } of running()) this.#changed.add(podUid);
    try {
      while (!signal.aborted) {
        await this.#followChanges();
        await this.#lookAtDue(signal);
        if (this.#changed.size === 0) await this.#alarm.wait(clock, this.#msUntilNextLook());
      }
    } finally {
      unlisten();
      signal.removeEventListener('abort', this.#alarm.ring);
      for (const tracked of this.#tracked.values()) tracked.unwatch?.();
    }
  }

  async #followChanges(): Promise<void> {
    const { running, clock } = this.#deps;
    for (const uid of [...this.#changed]) {
      this.#changed.delete(uid);
      const containers = running(uid);
      const ids = new Set(containers.map(({ id }) => id));
      for (const [id, tracked] of this.#tracked) {
        if (tracked.container.podUid === uid && !ids.has(id)) await this.#forget(tracked);
      }
      if (containers.length === 0) this.#budgets.delete(uid);
      for (const container of containers) {
        if (!this.#tracked.has(container.id))
          this.#tracked.set(container.id, this.#begin(container, clock.monotonicMs()));
      }
    }
  }

  #begin(container: LoggingContainer, nowMs: number): Tracked {
    const { files, limits } = this.#deps;
    const found = files.look(container.logPath);
    return {
      container,
      limits: limits(container),
      size: typeof found === 'object' ? found.size : 0,
      nextLookMs: nowMs,
      lookedAtMs: nowMs,
      grewAtMs: nowMs,
      held: isHeld(files, container.logPath) ? { wallMs: undefined } : undefined,
      unwatch: undefined,
    };
  }

  /** It writes no more: what was put aside is its log. */
  async #forget(tracked: Tracked): Promise<void> {
    tracked.unwatch?.();
    this.#tracked.delete(tracked.container.id);
    if (tracked.held === undefined) return;
    await this.#attempt(tracked, () => this.#resume(tracked, async () => {}));
  }

  #msUntilNextLook(): number {
    const nowMs = this.#deps.clock.monotonicMs();
    let soonest = Number.POSITIVE_INFINITY;
    for (const { nextLookMs } of this.#tracked.values()) soonest = Math.min(soonest, nextLookMs ?? soonest);
    // At rest only a change wakes it; timers end at about 24 days.
    return Math.min(Math.max(0, soonest - nowMs), 2 ** 31 - 1);
  }

  async #lookAtDue(signal: AbortSignal): Promise<void> {
    for (const tracked of [...this.#tracked.values()]) {
      const nowMs = this.#deps.clock.monotonicMs();
      if (signal.aborted) return;
      if (tracked.nextLookMs === undefined || tracked.nextLookMs > nowMs) continue;
      await this.#attempt(tracked, () => this.#look(tracked, nowMs, signal));
    }
  }

  async #attempt(tracked: Tracked, work: () => Promise<void>): Promise<void> {
    const { log, clock } = this.#deps;
    try {
      await work();
    } catch (error) {
      tracked.nextLookMs = clock.monotonicMs() + slowLookMs;
      log.warn('log of a container cannot be rotated', { path: tracked.container.logPath, error });
    }
  }

  async #look(tracked: Tracked, nowMs: number, signal: AbortSignal): Promise<void> {
    const { files, reopen, limits, onDropped } = this.#deps;
    const { container } = tracked;
    const deps = this.#rotateDeps(() => reopen(container.id, signal));
    // Somebody may have allowed it more meanwhile.
    if (tracked.held) tracked.limits = limits(container);
    const budget = this.#budget(tracked, nowMs);
    if (tracked.held) {
      const waitMs = tracked.held.wallMs === undefined ? 0 : budget.msUntilGood(nowMs);
      if (waitMs === 0) await this.#resume(tracked, deps.reopen);
      // After a pause it may go on as it did: look soon.
      tracked.nextLookMs = nowMs + Math.min(slowLookMs, Math.max(fastestLookMs, waitMs));
      tracked.lookedAtMs = nowMs;
      return;
    }
    const found = files.look(container.logPath);
    if (typeof found !== 'object') {
      // Somebody removed it; as the kubelet, have it made again.
      await reopen(container.id, signal);
      tracked.size = 0;
      tracked.nextLookMs = nowMs + slowLookMs;
      return;
    }
    const grown = found.size < tracked.size ? found.size : found.size - tracked.size;
    const elapsedMs = Math.max(1, nowMs - tracked.lookedAtMs);
    tracked.size = found.size;
    tracked.lookedAtMs = nowMs;
    if (grown > 0) tracked.grewAtMs = nowMs;
    const left = budget.spend(grown, nowMs);
    if (left < 0 && grown > this.#share(tracked, elapsedMs)) {
      tracked.limits = limits(container);
      await holdLog(deps, container.logPath);
      tracked.held = { wallMs: deps.nowMs };
      tracked.nextLookMs = nowMs + Math.min(slowLookMs, Math.max(fastestLookMs, budget.msUntilGood(nowMs)));
      onDropped(container, tracked.limits);
      return;
    }
    if (found.size >= tracked.limits.maxFileBytes) {
      tracked.limits = limits(container);
      await rotateLog(deps, container.logPath, tracked.limits.maxFiles);
      tracked.size = 0;
    }
    if (nowMs - tracked.grewAtMs >= restAfterMs && this.#rest(tracked)) return;
    const room = Math.min(tracked.limits.maxFileBytes - tracked.size, Math.max(0, left));
    tracked.nextLookMs = together(nowMs + lookAgainMs(room, grown, elapsedMs), nowMs);
  }

  /** Waits for the system's word; false when that is not to be had, or when the log grew just now. */
  #rest(tracked: Tracked): boolean {
    const { files, clock } = this.#deps;
    const { logPath } = tracked.container;
    const unwatch = files.watchFile(logPath, () => {
      tracked.unwatch?.();
      tracked.unwatch = undefined;
      // The first line of many, or the only one for hours.
      const delayMs = tracked.limits.maxFileBytes < 2 ** 22 ? fastestLookMs : usualLookMs;
      const nowMs = clock.monotonicMs();
      tracked.nextLookMs ??= together(nowMs + delayMs, nowMs);
      tracked.grewAtMs = nowMs;
      this.#alarm.ring();
    });
    const found = files.look(logPath);
    if (unwatch === undefined || typeof found !== 'object' || found.size !== tracked.size) {
      unwatch?.();
      return false;
    }
    tracked.unwatch = unwatch;
    tracked.nextLookMs = undefined;
    return true;
  }

  async #resume(tracked: Tracked, reopen: () => Promise<void>): Promise<void> {
    const { files } = this.#deps;
    const { logPath } = tracked.container;
    const { bytesPerSecond } = tracked.limits;
    await resumeLog(this.#rotateDeps(reopen), logPath, { sinceMs: tracked.held?.wallMs, bytesPerSecond });
    tracked.held = undefined;
    const found = files.look(logPath);
    tracked.size = typeof found === 'object' ? found.size : 0;
  }

  #rotateDeps(reopen: () => Promise<void>): RotateDeps {
    return { files: this.#deps.files, reopen, nowMs: this.#deps.clock.now() };
  }

  #budget({ container, limits }: Tracked, nowMs: number): RateBudget {
    const { podUid } = container;
    const known = this.#budgets.get(podUid);
    if (known) {
      known.setLimits(limits.bytesPerSecond, limits.burstBytes);
      return known;
    }
    const budget = new RateBudget(limits.bytesPerSecond, limits.burstBytes, nowMs);
    this.#budgets.set(podUid, budget);
    return budget;
  }

  /** What each container of the pod may write in that time: a quiet one never pays for a loud one. */
  #share({ container, limits }: Tracked, elapsedMs: number): number {
    const siblings = [...this.#tracked.values()].filter((other) => other.container.podUid === container.podUid);
    return (limits.bytesPerSecond * elapsedMs) / 1_000 / siblings.length;
  }
}

/** Half of the time that is left until `roomBytes` are written, if it goes on like that. */
function lookAgainMs(roomBytes: number, grown: number, elapsedMs: number): number {
  if (grown === 0) return usualLookMs;
  return Math.min(usualLookMs, Math.max(fastestLookMs, ((roomBytes / grown) * elapsedMs) / 2));
}

/** Usual looks fall on the same moments, so that many logs wake the device as often as one. */
function together(atMs: number, nowMs: number): number {
  return atMs - nowMs < usualLookMs ? atMs : Math.ceil(atMs / usualLookMs) * usualLookMs;
}
