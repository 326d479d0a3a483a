/**
 * Deletes pods that somebody started and no longer cares for: those whose lease is not renewed, and those that were to go
 * when they have finished (docs/adr/0037).
 *
 * Renewals are observation, on tmpfs: they cost no flash and end with the boot. After a start, of eliotd or of the device,
 * every lease counts anew from the first look; a pod whose lease the boot has ended goes when that time is over.
 */
import type { Lease } from '../../api/kinds/lease.ts';
import { isFinished } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { pods as podsResource } from '../../api/resources.ts';
import { leaseAnnotation, removeWhenFinishedAnnotation } from '../../api/run-annotations.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { type ProcessResult, WorkQueue } from '../../lib/work-queue.ts';
import { follow, runControlLoop } from '../control-loop.ts';
import type { ObjectEvents } from '../object-events.ts';
import { objectKeyOf, queueKey } from '../object-key.ts';
import type { ObjectChange, ObjectSource } from '../object-source.ts';
import { type Cared, computeFate } from './compute-fate.ts';

/** What is kept of a lease. */
export interface KnownLease {
  readonly metadata: Lease['metadata'];
  /** Seconds; undefined when it does not say. */
  readonly leaseDurationSeconds: number | undefined;
}

export interface RunPodsDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: ObjectEvents;
  readonly pods: ObjectSource<Pod>;
  readonly leases: ObjectSource<KnownLease>;
}

/** Of a lease that does not say, or that is gone: the longest that `eli run` asks for by itself. */
const defaultDurationMs = 30_000;

/** What was seen of a pod, and when. */
interface Seen {
  readonly uid: string;
  /** `''`: there is no such lease. */
  readonly leaseVersion: string;
  readonly leaseSeenMs: number;
  readonly leaseDurationMs: number;
  readonly finishedSeenMs: number | undefined;
}

export class RunPods {
  readonly #deps: RunPodsDeps;
  readonly #queue: WorkQueue;
  /** By queue key, of pods that somebody cares for. */
  readonly #seen = new Map<string, Seen>();

  constructor(deps: RunPodsDeps) {
    this.#deps = deps;
    const log = deps.log.child({ controller: 'run-pods' });
    this.#queue = new WorkQueue({ clock: deps.clock, log, process: (key) => this.#look(key) });
  }

  /** Works until `signal` aborts. The sources are run by the caller. */
  run(signal: AbortSignal): Promise<void> {
    const { pods, leases } = this.#deps;
    const followed = [follow(pods, (change) => this.#onPod(change)), follow(leases, (change) => this.#onLease(change))];
    return runControlLoop(this.#queue, followed, signal);
  }

  #onPod({ type, object }: ObjectChange<Pod>): void {
    const key = queueKey(object.metadata);
    if (type !== 'deleted' && isCaredFor(object)) this.#queue.add(key);
    else if (this.#seen.delete(key)) this.#queue.forget(key);
  }

  #onLease({ object: { metadata } }: ObjectChange<KnownLease>): void {
    // Nearly every renewal is of the node's own lease, which is no pod's.
    for (const key of this.#seen.keys()) {
      const pod = this.#deps.pods.get(objectKeyOf(key));
      if (pod === undefined || pod.metadata.namespace !== metadata.namespace) continue;
      if (leaseOf(pod) === metadata.name) this.#queue.add(key);
    }
  }

  async #look(key: string): Promise<ProcessResult> {
    const pod = this.#deps.pods.get(objectKeyOf(key));
    if (pod === undefined || !isCaredFor(pod)) {
      this.#seen.delete(key);
      return undefined;
    }
    const nowMs = this.#deps.clock.monotonicMs();
    const seen = this.#see(pod, this.#seen.get(key), nowMs);
    this.#seen.set(key, seen);
    const fate = computeFate(caredFor(pod, seen), nowMs);
    if (fate.kind === 'Goes') await this.#delete(pod, fate.why, seen);
    return fate.kind === 'LookAgain' ? { againAfterMs: fate.afterMs } : undefined;
  }

  /** What is to be seen of the pod now; the time of what has not changed since `before` stays. */
  #see(pod: Pod, before: Seen | undefined, nowMs: number): Seen {
    const { namespace = '', uid = '' } = pod.metadata;
    const known = before?.uid === uid ? before : undefined;
    const lease = this.#deps.leases.get({ namespace, name: leaseOf(pod) ?? '' });
    const leaseVersion = lease?.metadata.resourceVersion ?? '';
    const seconds = lease?.leaseDurationSeconds;
    return {
      uid,
      leaseVersion,
      leaseSeenMs: known?.leaseVersion === leaseVersion ? known.leaseSeenMs : nowMs,
      leaseDurationMs: seconds === undefined ? (known?.leaseDurationMs ?? defaultDurationMs) : seconds * 1_000,
      finishedSeenMs: isFinished(pod) ? (known?.finishedSeenMs ?? nowMs) : undefined,
    };
  }

  async #delete(pod: Pod, why: 'LeaseLapsed' | 'Finished', { leaseDurationMs }: Seen): Promise<void> {
    const { client, log, events } = this.#deps;
    const { namespace = '', name = '', uid = '' } = pod.metadata;
    if (why === 'LeaseLapsed') {
      const message = `Deleted: nobody has renewed the lease ${leaseOf(pod)} for ${leaseDurationMs / 1_000} s`;
      events.recordFor(pod, { type: 'Normal', reason: why, message, component: 'run-pods' });
    }
    try {
      await client.delete(podsResource, { namespace, name }, { preconditions: { uid } });
      log.info('pod deleted that nobody cares for', { pod: queueKey(pod.metadata), why });
    } catch (error) {
      // Somebody else was faster.
      if (!isStatusError(error, 'NotFound', 'Conflict')) throw error;
    }
  }
}

function isCaredFor(pod: Pod): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  return leaseOf(pod) !== undefined || goesWhenFinished(pod);
}

function leaseOf({ metadata }: Pod): string | undefined {
  return metadata.annotations?.[leaseAnnotation] || undefined;
}

function goesWhenFinished({ metadata }: Pod): boolean {
  return metadata.annotations?.[removeWhenFinishedAnnotation] === 'true';
}

function caredFor(pod: Pod, { leaseSeenMs, leaseDurationMs, finishedSeenMs }: Seen): Cared {
  return {
    leaseSeenMs: leaseOf(pod) === undefined ? undefined : leaseSeenMs,
    leaseDurationMs,
    finishedSeenMs: goesWhenFinished(pod) ? finishedSeenMs : undefined,
  };
}
