/**
 * How many pods a device holds: those that have not finished, whether they run or wait for room. Every pod takes memory
 * and flash although only so many run (`maxPods`); without a bound, `replicas: 1000000` would fill both.
 *
 * Refuses as a ResourceQuota on `pods` does, since that is what people and controllers know: a ReplicaSet says
 * ReplicaFailure, and tries again ever more slowly (docs/adr/0032).
 */
import { isTerminalPhase } from '../api/kinds/pod/state.ts';
import type { Pod } from '../api/kinds/pod/types.ts';
import type { KubeObject } from '../api/meta.ts';
import type { Clock } from '../lib/clock.ts';
import { forbidden } from './registry/errors.ts';

/** What is needed of the local copy of the pods. */
interface Pods {
  list(): readonly Pod[];
  /** @returns what ends it */
  onChange(listener: (change: { readonly type: string; readonly object: Pod }) => void): () => void;
}

export interface PodQuotaDeps {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Pods at most. */
  readonly podQuota: number;
}

/** How long a stored pod may take to appear in the copy, in milliseconds; it was gone again before that otherwise. */
const comingMs = 30_000;

export class PodQuota {
  readonly #deps: PodQuotaDeps;
  /** By uid, since when a pod is counted that the copy does not hold yet. */
  readonly #coming = new Map<string, number>();
  #pods: Pods | undefined;

  constructor(deps: PodQuotaDeps) {
    this.#deps = deps;
  }

  /** Counts the pods of this copy from now on; it is run by the caller. Until `signal` aborts. */
  follow(pods: Pods, signal: AbortSignal): void {
    this.#pods = pods;
    const stop = pods.onChange(({ type, object }) => {
      if (type === 'added') this.#coming.delete(object.metadata.uid ?? '');
    });
    signal.addEventListener('abort', stop, { once: true });
  }

  /**
   * Takes the place of a new pod, which is to be stored next.
   *
   * @returns what gives it back when the pod was not stored
   * @throws StatusError Forbidden when there is none left
   */
  take({ metadata }: Pick<KubeObject, 'metadata'>): () => void {
    const { clock, podQuota } = this.#deps;
    const { uid = '', name = '' } = metadata;
    const used = this.#used();
    if (used >= podQuota) {
      const why = `exceeded quota: podQuota, requested: pods=1, used: pods=${used}, limited: pods=${podQuota}`;
      throw forbidden({ group: '', resource: 'pods', kind: 'Pod' }, name, why);
    }
    this.#coming.set(uid, clock.monotonicMs());
    return () => this.#coming.delete(uid);
  }

  #used(): number {
    const now = this.#deps.clock.monotonicMs();
    for (const [uid, sinceMs] of this.#coming) if (now - sinceMs > comingMs) this.#coming.delete(uid);
    const known = this.#pods?.list() ?? [];
    return known.filter(({ status }) => !isTerminalPhase(status.phase)).length + this.#coming.size;
  }
}
