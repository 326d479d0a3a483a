/**
 * Turns every signal that concerns a pod (its object, the runtime, a ConfigMap or Secret it uses) into
 * "look at this pod". Holds no state of pods: workers have that.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { Logger } from '../../lib/logger.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import type { ObservedPod } from '../observed-pod.ts';
import { type PodRef, podLogName, podRef } from '../pod-names.ts';
import { type ConfigReference, usesConfig } from './config-references.ts';

type Change<T> = { readonly type: 'added' | 'modified' | 'deleted'; readonly object: T; readonly previous?: T };

/** What an informer is to the loop. */
export interface ObjectSource<T> {
  list(): readonly T[];
  onChange(listener: (change: Change<T>) => void): () => void;
  whenSynced(signal: AbortSignal): Promise<void>;
}

export interface NamedObject {
  readonly metadata: { readonly name?: string; readonly namespace?: string };
}

export interface SyncLoopDeps {
  readonly pods: ObjectSource<Pod>;
  readonly configMaps: ObjectSource<NamedObject>;
  readonly secrets: ObjectSource<NamedObject>;
  readonly cache: {
    list(): readonly ObservedPod[];
    get(uid: string): ObservedPod | undefined;
    onChange(listener: (uid: string) => void): () => void;
    readonly whenListed: Promise<void>;
  };
  readonly workers: {
    has(uid: string): boolean;
    update(pod: Pod, isNews?: boolean): void;
    remove(ref: PodRef): void;
    endOrphan(ref: PodRef): void;
    wake(uid: string): void;
  };
  /** Whether this version's status is the one the agent itself wrote last. */
  readonly isOwnStatus: (pod: Pod) => boolean;
  readonly nodeName: string;
  readonly log: Logger;
  /** False while the store cannot be trusted to know every pod (design D14): then nothing is an orphan. */
  readonly mayEndOrphans: () => boolean;
  /** Called once, when every pod and everything in the runtime is known. Never rejects. */
  readonly onAllKnown: () => Promise<void>;
}

export class SyncLoop {
  readonly #deps: SyncLoopDeps;
  /** True once every pod of the store was seen; before it, an unknown sandbox may belong to one of them. */
  #knowsAllPods = false;

  constructor(deps: SyncLoopDeps) {
    this.#deps = deps;
  }

  /** Listens until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { pods, configMaps, secrets, cache } = this.#deps;
    const ends = [
      pods.onChange((change) => this.#onPod(change)),
      configMaps.onChange(({ object }) => this.#onConfig({ kind: 'ConfigMap', ...nameOf(object) })),
      secrets.onChange(({ object }) => this.#onConfig({ kind: 'Secret', ...nameOf(object) })),
      cache.onChange((uid) => this.#onRuntime(uid)),
    ];
    try {
      for (const pod of pods.list()) this.#onPod({ type: 'added', object: pod });
      await Promise.all([pods.whenSynced(signal), untilAborted(cache.whenListed, signal)]);
      this.#knowsAllPods = true;
      for (const observed of cache.list()) this.#endIfOrphan(observed);
      if (this.#deps.mayEndOrphans()) await this.#deps.onAllKnown();
      await untilAborted(new Promise<never>(() => {}), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      for (const end of ends) end();
    }
  }

  #onPod({ type, object: pod, previous }: Change<Pod>): void {
    const { workers, nodeName, cache } = this.#deps;
    // Without a node it is the scheduler's to look at.
    if (pod.spec.nodeName !== nodeName) return;
    if (type !== 'deleted') {
      workers.update(pod, !(previous && isStatusOnly(previous, pod) && this.#deps.isOwnStatus(pod)));
      return;
    }
    const ref = podRef(pod);
    // Deleted by force without ever having had a worker, while something of it runs.
    if (!workers.has(ref.uid) && cache.get(ref.uid)) workers.endOrphan(ref);
    else workers.remove(ref);
  }

  #onRuntime(uid: string): void {
    const { workers, cache } = this.#deps;
    const observed = cache.get(uid);
    if (workers.has(uid)) workers.wake(uid);
    else if (observed && this.#knowsAllPods) this.#endIfOrphan(observed);
  }

  #endIfOrphan({ uid, namespace, name }: ObservedPod): void {
    const { workers, pods, log, mayEndOrphans } = this.#deps;
    if (workers.has(uid) || !mayEndOrphans() || pods.list().some(({ metadata }) => metadata.uid === uid)) return;
    log.info('ending a pod that has no object', { pod: podLogName({ namespace, name }), uid });
    workers.endOrphan({ uid, namespace, name });
  }

  #onConfig(reference: ConfigReference): void {
    for (const pod of this.#deps.pods.list()) {
      if (usesConfig(pod, reference)) this.#deps.workers.wake(podRef(pod).uid);
    }
  }
}

/** Whether two versions of one pod differ in nothing but status and bookkeeping. */
function isStatusOnly(previous: Pod, next: Pod): boolean {
  const relevant = ({ spec, metadata }: Pod): unknown => [
    spec,
    metadata.uid,
    metadata.labels,
    metadata.annotations,
    metadata.deletionTimestamp,
    metadata.deletionGracePeriodSeconds,
  ];
  return isDeepStrictEqual(relevant(previous), relevant(next));
}

function nameOf({ metadata }: NamedObject): { readonly namespace: string; readonly name: string } {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}
