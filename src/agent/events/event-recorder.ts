/**
 * Writes what happened to pods as Event objects. Recording never waits and never fails: events are for
 * people, and the pod matters more. They are observations: no flash is worn, and they end with the boot.
 */
import type { Event } from '../../api/kinds/event.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { events } from '../../api/resources.ts';
import { type Clock, formatTime } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { type PodRef, podLogName, podRef } from '../pod-names.ts';
import { EventCorrelator, type EventIdentity } from './event-correlator.ts';

export interface PodEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** Name of the container it is about. */
  readonly container?: string;
  /** Default `kubelet`. */
  readonly component?: string;
}

export interface EventRecorderDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeName: string;
  /** Milliseconds that an event is kept after it happened last; up to two sweeps more, and anew after a restart. */
  readonly eventTtl: number;
  /** Sixteen random hex digits, for names. */
  readonly newNameSuffix: () => string;
}

interface Pending {
  readonly ref: PodRef;
  readonly event: Event;
}

/** Events that wait to be written, at most; more are dropped, the oldest first. */
const maxPending = 256;
const sweepEveryMs = 300_000;

export class EventRecorder {
  readonly #deps: EventRecorderDeps;
  readonly #correlator: EventCorrelator;
  /** By name: an event that happens again before it was written is written once. */
  readonly #pending = new Map<string, Pending>();
  /** By uid, since when a sweep has seen this version: the wall clock in an event may be decades off, and may jump. */
  #seen: ReadonlyMap<string, { readonly version: string; readonly sinceMonotonicMs: number }> = new Map();
  #wake: (() => void) | undefined;

  constructor(deps: EventRecorderDeps) {
    this.#deps = deps;
    this.#correlator = new EventCorrelator(() => deps.newNameSuffix());
  }

  /** Takes note of an event of a pod; it is written soon. */
  record(pod: Pod | PodRef, event: PodEvent): void {
    const ref = 'metadata' in pod ? podRef(pod) : pod;
    // A pod that is only planned is given as its owner: its events are the owner's.
    const { apiVersion, kind } = 'metadata' in pod ? pod : { apiVersion: 'v1', kind: 'Pod' };
    this.#note({ ...ref, apiVersion, kind, isNamespaced: true }, fieldPathOf(pod, event.container), {
      ...event,
      component: event.component ?? 'kubelet',
    });
  }

  /** Takes note of an event of any object; it is written soon. */
  recordFor(
    { apiVersion, kind, metadata }: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>,
    event: Omit<PodEvent, 'container'> & { readonly component: string },
  ): void {
    // Events of what has no namespace are kept in `default`, as in Kubernetes.
    const { name = '', namespace = 'default', uid = '' } = metadata;
    const isNamespaced = metadata.namespace !== undefined;
    this.#note({ apiVersion, kind, name, namespace, uid, isNamespaced }, '', event);
  }

  #note(
    ref: PodRef & { readonly apiVersion: string; readonly kind: string; readonly isNamespaced: boolean },
    fieldPath: string,
    event: PodEvent & { readonly component: string },
  ): void {
    const { clock, nodeName } = this.#deps;
    const { component, type, reason } = event;
    // Kubernetes cuts messages at 1,024 characters.
    const message = event.message.slice(0, 1024);
    const identity: EventIdentity = { uid: ref.uid, fieldPath, type, reason, message, component };
    const correlation = this.#correlator.correlate(identity, clock.now(), clock.monotonicMs());
    if (!correlation) return;

    const name = `${ref.name}.${correlation.name}`;
    this.#pending.delete(name);
    this.#pending.set(name, {
      ref,
      event: {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name, namespace: ref.namespace },
        involvedObject: {
          apiVersion: ref.apiVersion,
          kind: ref.kind,
          ...(ref.isNamespaced ? { namespace: ref.namespace } : {}),
          name: ref.name,
          uid: ref.uid,
          ...(fieldPath ? { fieldPath } : {}),
        },
        type,
        reason,
        message,
        source: { component, ...(component === 'kubelet' ? { host: nodeName } : {}) },
        firstTimestamp: formatTime(correlation.firstMs),
        lastTimestamp: formatTime(clock.now()),
        count: correlation.count,
        reportingComponent: component,
        reportingInstance: component === 'kubelet' ? nodeName : '',
      },
    });
    if (this.#pending.size > maxPending) this.#dropOldest();
    this.#wake?.();
  }

  /** Writes what is recorded, until `signal` aborts; removes what is older than its time. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    let sweptAtMs = clock.monotonicMs();
    while (!signal.aborted) {
      await this.#writeAll(signal);
      if (clock.monotonicMs() - sweptAtMs >= sweepEveryMs) {
        sweptAtMs = clock.monotonicMs();
        await this.#sweep(signal);
      }
      await this.#untilWoken(signal);
    }
  }

  async #writeAll(signal: AbortSignal): Promise<void> {
    for (const [name, pending] of this.#pending) {
      if (signal.aborted) return;
      this.#pending.delete(name);
      await this.#write(pending);
    }
  }

  async #write({ ref, event }: Pending): Promise<void> {
    const { client, log } = this.#deps;
    const { name = '', namespace = '' } = event.metadata;
    try {
      if ((event.count ?? 1) > 1) {
        const { count, lastTimestamp } = event;
        try {
          await client.patch(events, { namespace, name }, 'merge', { count, lastTimestamp });
          return;
        } catch (error) {
          // It was swept, or its first write failed.
          if (!isStatusError(error, 'NotFound')) throw error;
        }
      }
      await client.create(events, event);
    } catch (error) {
      // A namespace that is going away takes no events any more.
      if (isStatusError(error, 'Forbidden', 'NotFound', 'AlreadyExists')) return;
      log.warn('cannot write an event', { pod: podLogName(ref), reason: event.reason, error });
    }
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const { client, clock, eventTtl, log } = this.#deps;
    const now = clock.monotonicMs();
    const seen = new Map<string, { readonly version: string; readonly sinceMonotonicMs: number }>();
    try {
      const { items } = await client.list<Event>(events, {}, signal);
      for (const { metadata } of items) {
        const { name = '', namespace = '', uid = '', resourceVersion: version = '' } = metadata;
        const before = this.#seen.get(uid);
        const sinceMonotonicMs = before?.version === version ? before.sinceMonotonicMs : now;
        if (now - sinceMonotonicMs < eventTtl || signal.aborted) seen.set(uid, { version, sinceMonotonicMs });
        else await client.delete(events, { namespace, name });
      }
      this.#seen = seen;
    } catch (error) {
      if (!signal.aborted && !isStatusError(error, 'NotFound')) log.warn('cannot remove old events', { error });
    }
  }

  #dropOldest(): void {
    for (const name of this.#pending.keys()) {
      this.#pending.delete(name);
      return;
    }
  }

  async #untilWoken(signal: AbortSignal): Promise<void> {
    if (this.#pending.size > 0) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    try {
      await this.#deps.clock.sleep(sweepEveryMs, AbortSignal.any([signal, woken.signal]));
    } catch {
      // Woken, or going down: the loop sees which.
    } finally {
      this.#wake = undefined;
    }
  }
}

/** `spec.containers{web}`, as the kubelet writes it. */
function fieldPathOf(pod: Pod | PodRef, container: string | undefined): string {
  if (!container) return '';
  const lists = ['initContainers', 'ephemeralContainers'] as const;
  const list = lists.find((key) => 'metadata' in pod && pod.spec[key]?.some(({ name }) => name === container));
  return `spec.${list ?? 'containers'}{${container}}`;
}
