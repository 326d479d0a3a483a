/**
 * Brings the images of a template onto the device before there are pods of it: an update must not end what runs for
 * something that cannot be fetched. The deployment controller asks; the image manager does it, with the pull
 * policies, secrets, limits and back-off of the pods to be.
 *
 * Bounded: one fetch a ReplicaSet that is asked for; one that nobody asks for any more ends at its next try.
 */
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import type { ImagePreparation, ImagesState } from '../../controllers/image-preparation.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { EnsureResult } from './image-manager.ts';

export interface TemplateImagesDeps {
  readonly ensure: (pod: Pod, container: Container, signal: AbortSignal) => Promise<EnsureResult>;
  /** Aborts when the process stops; fetches end with it. */
  readonly stopping: AbortSignal;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Fetch {
  readonly replicaSet: ReplicaSet;
  readonly cancel: AbortController;
  state: ImagesState;
  /** Since the last try. */
  isWanted: boolean;
  /** Aborted when an image was loaded since the last try began: the next one does not wait. */
  news: AbortController;
}

/** Until an image is looked for again that must not be pulled: somebody has to load it. Milliseconds. */
const lookAgainMs = 60_000;
const afterFailureMs = 5_000;

export class TemplateImages implements ImagePreparation {
  readonly #deps: TemplateImagesDeps;
  /** By uid of the ReplicaSet. */
  readonly #fetches = new Map<string, Fetch>();
  readonly #listeners = new Set<(replicaSet: ReplicaSet) => void>();
  readonly #running = new Set<Promise<void>>();

  constructor(deps: TemplateImagesDeps) {
    this.#deps = deps;
  }

  look(replicaSet: ReplicaSet): ImagesState {
    const uid = replicaSet.metadata.uid ?? '';
    const known = this.#fetches.get(uid);
    if (known !== undefined) {
      known.isWanted = true;
      return known.state;
    }
    const message = 'its images are being fetched';
    const fetch: Fetch = {
      replicaSet,
      cancel: new AbortController(),
      state: { kind: 'Waiting', message },
      isWanted: true,
      news: new AbortController(),
    };
    this.#fetches.set(uid, fetch);
    const running = this.#run(uid, fetch, AbortSignal.any([this.#deps.stopping, fetch.cancel.signal]));
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
    return fetch.state;
  }

  /** Resolves when every fetch that was under way has ended; call it when stopping. */
  async join(): Promise<void> {
    await Promise.all(this.#running);
  }

  forget(uid: string): void {
    this.#fetches.get(uid)?.cancel.abort();
    this.#fetches.delete(uid);
  }

  onChange(listener: (replicaSet: ReplicaSet) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** An image was loaded: what waits is tried now, and what is being tried once more. */
  lookAgain(): void {
    for (const { news } of this.#fetches.values()) news.abort();
  }

  async #run(uid: string, fetch: Fetch, signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        fetch.isWanted = false;
        fetch.news = new AbortController();
        const { state, retryInMs } = await this.#try(fetch.replicaSet, signal);
        fetch.state = state;
        for (const listener of this.#listeners) listener(fetch.replicaSet);
        if (state.kind === 'Ready') {
          // Kept for the answer; asked once more, it is looked at anew, since images can go.
          await this.#sleep(lookAgainMs, signal);
          return;
        }
        await this.#sleep(retryInMs, AbortSignal.any([signal, fetch.news.signal]));
        if (!fetch.isWanted) return;
      }
    } catch (error) {
      if (!signal.aborted)
        this.#deps.log.warn('cannot fetch images', { replicaSet: fetch.replicaSet.metadata.name, error });
    } finally {
      if (this.#fetches.get(uid) === fetch) this.#fetches.delete(uid);
    }
  }

  async #try(
    replicaSet: ReplicaSet,
    signal: AbortSignal,
  ): Promise<{ readonly state: ImagesState; readonly retryInMs: number }> {
    const { ensure, clock } = this.#deps;
    const pod = plannedPod(replicaSet);
    for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
      let result: EnsureResult;
      try {
        result = await ensure(pod, container, signal);
      } catch (error) {
        signal.throwIfAborted();
        // The runtime is away; it comes back.
        const message = error instanceof Error ? error.message : String(error);
        return { state: { kind: 'Waiting', message }, retryInMs: afterFailureMs };
      }
      if (result.kind === 'Present') continue;
      const { reason, message } = result.waiting;
      const retryAt = result.retryAtMonotonicMs;
      return {
        state: { kind: 'Waiting', message: `container ${container.name} waits: ${reason}: ${message}` },
        retryInMs: retryAt === undefined ? lookAgainMs : Math.max(100, retryAt - clock.monotonicMs()),
      };
    }
    return { state: { kind: 'Ready' }, retryInMs: 0 };
  }

  async #sleep(ms: number, until: AbortSignal): Promise<void> {
    try {
      await this.#deps.clock.sleep(ms, until);
    } catch {
      // News, or going down: the loop sees which.
    }
  }
}

/** A pod of the template that does not exist yet; it goes by the name of its ReplicaSet, in events too. */
function plannedPod({ apiVersion, kind, metadata, spec }: ReplicaSet): Pod {
  const { name = '', namespace = '', uid = '' } = metadata;
  return { apiVersion, kind, metadata: { name, namespace, uid }, spec: spec.template.spec, status: {} };
}
