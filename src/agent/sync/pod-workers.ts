/**
 * One worker a pod: one pod, one worker, one step at a time; different pods in parallel.
 *
 * A pod lives through three phases that never mix: *syncing* (make it as the spec says), *terminating*
 * (end its containers), *terminated* (clean up; then it is gone, or kept until somebody deletes it).
 * Only the newest update of a pod is kept. A step that fails is tried again after 1 s, doubling to
 * 30 s; an update or a wake-up ends the wait. A shorter grace period cuts a running step short.
 */

import { isFinished } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { type PodRef, podLogName, podRef } from '../pod-names.ts';

/** What a sync step found: the pod is finished for good, or when it wants to be looked at again. */
export type SyncResult =
  /** With `graceSeconds`, its containers get only so long to end. */
  | { readonly kind: 'Finished'; readonly graceSeconds?: number }
  | { readonly kind: 'Again'; readonly atMonotonicMs: number | undefined }
  /** Something could not be done; try again after the back-off, and not later than this. */
  | { readonly kind: 'Retry'; readonly atMonotonicMs: number | undefined };

/** The work itself. Every step may be repeated, and interrupted at any point by its signal. */
export interface PodSteps {
  sync(pod: Pod, signal: AbortSignal): Promise<SyncResult>;
  /** Ends every container within the time left. `pod` is undefined when no object of it was ever seen. */
  terminate(ref: PodRef, pod: Pod | undefined, graceMs: number, signal: AbortSignal): Promise<void>;
  /** Cleans up. `Gone`: nothing is left of it, here or in the API. `Kept`: the object stays, finished. */
  finish(ref: PodRef, pod: Pod | undefined, isDeleted: boolean, signal: AbortSignal): Promise<'Gone' | 'Kept'>;
}

export interface PodWorkersDeps {
  readonly steps: PodSteps;
  readonly clock: Clock;
  readonly log: Logger;
}

const firstRetryMs = 1_000;
const longestRetryMs = 30_000;
const defaultGraceSeconds = 30;

interface Worker {
  readonly ref: PodRef;
  pod: Pod | undefined;
  /** The object is gone from the API. */
  isRemoved: boolean;
  phase: 'Syncing' | 'Terminating' | 'Terminated' | 'Kept';
  /** When its containers must have ended; undefined until it was told to end. */
  deadlineMonotonicMs: number | undefined;
  terminationSeenMonotonicMs: number | undefined;
  isDirty: boolean;
  failures: number;
  wake: () => void;
  interrupt: AbortController;
}

export class PodWorkers {
  readonly #deps: PodWorkersDeps;
  readonly #workers = new Map<string, Worker>();
  readonly #running = new Set<Promise<void>>();
  #signal: AbortSignal | undefined;

  constructor(deps: PodWorkersDeps) {
    this.#deps = deps;
  }

  /** The pods that have a worker now. */
  uids(): readonly string[] {
    return [...this.#workers.keys()];
  }

  has(uid: string): boolean {
    return this.#workers.has(uid);
  }

  /** Whether nothing of the pod is left but its object, its logs and its ended containers. */
  isReclaimed(uid: string): boolean {
    const worker = this.#workers.get(uid);
    return worker === undefined || worker.phase === 'Kept';
  }

  /**
   * The newest version of a pod. A pod without a worker gets one.
   *
   * @param isNews false when it differs only in the status that we wrote: it is kept, but nobody is woken
   */
  update(pod: Pod, isNews = true): void {
    const ref = podRef(pod);
    const known = this.#workers.get(ref.uid);
    const worker = known ?? this.#begin(ref);
    worker.pod = pod;
    if (isNews || known === undefined) this.#reconsider(worker);
  }

  /** The pod's object is gone from the API, by force or by us: what still runs of it ends at once. */
  remove(ref: PodRef): void {
    const worker = this.#workers.get(ref.uid);
    if (worker === undefined) return;
    worker.isRemoved = true;
    this.#reconsider(worker);
  }

  /** Something runs whose pod nobody knows: end it and clean up. */
  endOrphan(ref: PodRef): void {
    if (this.#workers.has(ref.uid)) return;
    const worker = this.#begin(ref);
    worker.isRemoved = true;
    this.#reconsider(worker);
  }

  /** Something about the pod changed outside its spec: look at it now. */
  wake(uid: string): void {
    const worker = this.#workers.get(uid);
    if (worker === undefined) return;
    worker.isDirty = true;
    worker.wake();
  }

  /** As `wake`, and gives up what is being done to make the pod: a pull may take minutes, and it is to be ended now. */
  interrupt(uid: string): void {
    const worker = this.#workers.get(uid);
    if (worker?.phase === 'Syncing') worker.interrupt.abort(new Error('the pod is to be looked at anew'));
    this.wake(uid);
  }

  /** Works until `signal` aborts; then waits for the steps under way. Containers are left as they are. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const worker of this.#workers.values()) this.#start(worker, signal);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.all(this.#running);
  }

  #begin(ref: PodRef): Worker {
    const worker: Worker = {
      ref,
      pod: undefined,
      isRemoved: false,
      phase: 'Syncing',
      deadlineMonotonicMs: undefined,
      terminationSeenMonotonicMs: undefined,
      isDirty: true,
      failures: 0,
      wake: () => {},
      interrupt: new AbortController(),
    };
    this.#workers.set(ref.uid, worker);
    if (this.#signal && !this.#signal.aborted) this.#start(worker, this.#signal);
    return worker;
  }

  /** Takes notice of a new version: the phase and the deadline that follow from it. */
  #reconsider(worker: Worker): void {
    const { pod } = worker;
    if (worker.isRemoved || pod?.metadata.deletionTimestamp !== undefined || (pod && isFinished(pod))) {
      this.#tellToEnd(worker);
    }
    worker.isDirty = true;
    worker.wake();
  }

  #tellToEnd(worker: Worker, longestSeconds = Infinity): void {
    worker.terminationSeenMonotonicMs ??= this.#deps.clock.monotonicMs();
    // The wall clock may jump, and the time of the request was somebody's wall clock: count from first sight.
    const deadline = worker.isRemoved
      ? worker.terminationSeenMonotonicMs
      : worker.terminationSeenMonotonicMs + Math.min(longestSeconds, graceSecondsOf(worker.pod)) * 1000;
    const isShorter = worker.deadlineMonotonicMs !== undefined && deadline < worker.deadlineMonotonicMs;
    worker.deadlineMonotonicMs = Math.min(worker.deadlineMonotonicMs ?? Infinity, deadline);
    if (worker.phase === 'Syncing') {
      worker.phase = 'Terminating';
      worker.interrupt.abort(new Error('the pod is to end'));
    } else if (worker.phase === 'Terminating' && isShorter) {
      worker.interrupt.abort(new Error('the grace period was shortened'));
    }
  }

  #start(worker: Worker, signal: AbortSignal): void {
    const running = this.#work(worker, signal).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #work(worker: Worker, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    while (!signal.aborted) {
      worker.isDirty = false;
      worker.interrupt = new AbortController();
      let wakeAt: number | undefined;
      try {
        const next = await this.#step(worker, AbortSignal.any([signal, worker.interrupt.signal]));
        if (next === 'Gone') {
          this.#workers.delete(worker.ref.uid);
          return;
        }
        if (next === 'Now') continue;
        wakeAt = next.atMonotonicMs;
        worker.failures = next.kind === 'Retry' ? worker.failures + 1 : 0;
        if (next.kind === 'Retry') {
          wakeAt = Math.min(wakeAt ?? Infinity, clock.monotonicMs() + retryDelayMs(worker.failures));
        }
      } catch (error) {
        if (signal.aborted) return;
        if (worker.interrupt.signal.aborted) continue;
        worker.failures++;
        wakeAt = clock.monotonicMs() + retryDelayMs(worker.failures);
        log.warn('pod step failed', {
          pod: podLogName(worker.ref),
          phase: worker.phase,
          retryInMs: retryDelayMs(worker.failures),
          error,
        });
      }
      await this.#pause(worker, wakeAt, signal);
    }
  }

  /** One step of the present phase. `Now`: the phase changed, go on. */
  async #step(
    worker: Worker,
    signal: AbortSignal,
  ): Promise<'Now' | 'Gone' | Exclude<SyncResult, { kind: 'Finished' }>> {
    const { steps, clock } = this.#deps;
    const { ref, pod } = worker;
    switch (worker.phase) {
      case 'Syncing': {
        if (pod === undefined) return { kind: 'Again', atMonotonicMs: undefined };
        const result = await steps.sync(pod, signal);
        if (result.kind !== 'Finished') return result;
        this.#tellToEnd(worker, result.graceSeconds);
        return 'Now';
      }
      case 'Terminating': {
        const graceMs = Math.max(0, (worker.deadlineMonotonicMs ?? 0) - clock.monotonicMs());
        await steps.terminate(ref, pod, graceMs, signal);
        worker.phase = 'Terminated';
        worker.failures = 0;
        return 'Now';
      }
      case 'Terminated':
      case 'Kept': {
        const isDeleted = isDeletedNow(worker);
        if (worker.phase === 'Kept' && !isDeleted) return { kind: 'Again', atMonotonicMs: undefined };
        if ((await steps.finish(ref, pod, isDeleted, signal)) === 'Gone') return 'Gone';
        worker.phase = 'Kept';
        // Deleted while it was being finished: the dirty mark brings us back here.
        return { kind: 'Again', atMonotonicMs: undefined };
      }
    }
  }

  /** Waits for a wake-up, at most until `wakeAtMonotonicMs`. */
  async #pause(worker: Worker, wakeAtMonotonicMs: number | undefined, signal: AbortSignal): Promise<void> {
    if (worker.isDirty || signal.aborted) return;
    const { clock } = this.#deps;
    const awake = new AbortController();
    const woken = Promise.withResolvers<void>();
    worker.wake = () => woken.resolve();
    const onAbort = (): void => woken.resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    const timer =
      wakeAtMonotonicMs === undefined
        ? undefined
        : clock.sleep(Math.max(0, wakeAtMonotonicMs - clock.monotonicMs()), awake.signal).then(
            () => woken.resolve(),
            () => undefined,
          );
    await woken.promise;
    signal.removeEventListener('abort', onAbort);
    worker.wake = () => {};
    awake.abort();
    await timer;
  }
}

function isDeletedNow(worker: Worker): boolean {
  return worker.isRemoved || worker.pod === undefined || worker.pod.metadata.deletionTimestamp !== undefined;
}

/** Seconds that a pod's containers get; the deletion's own word first (it may have shortened it). */
function graceSecondsOf(pod: Pod | undefined): number {
  return pod?.metadata.deletionGracePeriodSeconds ?? pod?.spec.terminationGracePeriodSeconds ?? defaultGraceSeconds;
}

function retryDelayMs(failures: number): number {
  return Math.min(firstRetryMs * 2 ** Math.min(failures - 1, 16), longestRetryMs);
}
