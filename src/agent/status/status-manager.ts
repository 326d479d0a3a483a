/**
 * The one writer of pod status. Writes only what changed, and always onto the newest version of
 * the object, so that a condition somebody else set (a readiness gate) is never lost.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Pod, PodStatus } from '../../api/kinds/pod/types.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { pods } from '../../api/resources.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { podRef } from '../pod-names.ts';

const maxConflicts = 5;

export class StatusManager {
  readonly #client: Pick<ObjectClient, 'get' | 'update'>;
  readonly #written = new Map<string, Pod>();
  /** By uid, the status that was sent last; set before it is sent, as the watch may be faster than the answer. */
  readonly #sent = new Map<string, unknown>();

  constructor(client: Pick<ObjectClient, 'get' | 'update'>) {
    this.#client = client;
  }

  /** `pod`, or the version that was last written here when the watch has not delivered that one yet. */
  newest(pod: Pod): Pod {
    const written = this.#written.get(podRef(pod).uid);
    return written && revisionOf(written) > revisionOf(pod) ? { ...pod, status: written.status as PodStatus } : pod;
  }

  /** Whether the status of this version is the one that was written here last: then it is no news. */
  isOwn(pod: Pod): boolean {
    return isDeepStrictEqual(plain(pod.status), this.#sent.get(podRef(pod).uid));
  }

  /**
   * Writes the status that `compute` makes of the newest version of the pod, when it differs.
   *
   * @returns the pod as it then is; undefined when it exists no more (or another has its name)
   * @throws StatusError of the API, after several conflicts in a row too
   */
  async publish(pod: Pod, compute: (current: Pod) => PodStatus): Promise<Pod | undefined> {
    const { uid, namespace, name } = podRef(pod);
    let current = this.newest(pod);
    for (let attempt = 0; ; attempt++) {
      const status = compute(current);
      if (isDeepStrictEqual(plain(status), plain(current.status))) return current;
      this.#sent.set(uid, plain(status));
      const written = this.#written.get(uid);
      const base = written && revisionOf(written) > revisionOf(current) ? written : current;
      try {
        const updated = await this.#client.update<Pod>(pods, { ...base, status }, { subresource: 'status' });
        this.#written.set(uid, updated);
        return updated;
      } catch (error) {
        if (isStatusError(error, 'NotFound')) return undefined;
        if (!isStatusError(error, 'Conflict') || attempt >= maxConflicts) throw error;
        const found = await this.#find(namespace, name);
        if (found === undefined || found.metadata.uid !== uid) return undefined;
        current = found;
      }
    }
  }

  /** Drops what is remembered of a pod that is gone. */
  forget(uid: string): void {
    this.#written.delete(uid);
    this.#sent.delete(uid);
  }

  async #find(namespace: string, name: string): Promise<Pod | undefined> {
    try {
      return await this.#client.get<Pod>(pods, { namespace, name });
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

/** Revisions are growing decimal numbers (design D5); this is the one place that compares them. */
function revisionOf(pod: Pod): number {
  return Number(pod.metadata.resourceVersion ?? 0);
}

/** As it is sent: no undefined, key order as it is. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
