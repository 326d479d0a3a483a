/**
 * A local copy of the objects of one resource that follows the server: list, then watch,
 * then resume, with a new list only when the server says that history is gone.
 *
 * Guaranteed: after `whenSynced` the copy holds everything that existed when listing began;
 * every later difference is delivered once, in order, as a change; an object that vanished
 * while nobody was watching is delivered as `deleted` by the next list, and one that was
 * deleted and made again under the same name as `deleted` then `added` (its uid differs).
 * Not guaranteed: every intermediate version. Events say *when* to look, the copy says what is.
 */
import type { ObjectMeta } from '../api/meta.ts';
import type { GroupVersionResource, ObjectClient, ObjectKey, WatchOptions } from '../api/object-client.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { isStatusError } from '../lib/status-error.ts';
import { untilAborted } from '../lib/until-aborted.ts';

/** What an informer can follow: anything with Kubernetes' metadata. */
export interface Followed {
  readonly metadata: ObjectMeta;
}

export type Change<T> =
  | { readonly type: 'added'; readonly object: T; readonly previous?: never }
  | { readonly type: 'modified'; readonly object: T; readonly previous: T }
  /** `object` is the last version seen. */
  | { readonly type: 'deleted'; readonly object: T; readonly previous?: T };

export interface InformerDeps {
  readonly client: ObjectClient;
  readonly resource: GroupVersionResource;
  /** Which objects; all of them when left out. */
  readonly options?: Omit<WatchOptions, 'resourceVersion'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** What of each object is kept, for those who need little of many. Default: all of it. */
  readonly trim?: (object: unknown) => unknown;
}

/** Objects asked for in one list request, as client-go's pager does. */
const pageSize = 500;
/** First and longest wait after a failure; doubles in between. */
const minBackOffMs = 250;
const maxBackOffMs = 30_000;
/** A watch that ends sooner than this is no success: a server that closes at once must not be hammered. */
const shortestHealthyWatchMs = 1_000;

export class Informer<T extends Followed> {
  readonly #deps: InformerDeps;
  readonly #objects = new Map<string, T>();
  readonly #listeners = new Set<(change: Change<T>) => void>();
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;

  constructor(deps: InformerDeps) {
    this.#deps = deps;
  }

  /** The newest known version of an object. */
  get(key: ObjectKey): T | undefined {
    return this.#objects.get(cacheKey(key.namespace, key.name));
  }

  /** Everything known now, in no particular order. */
  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /**
   * Calls `listener` for every change from now on, after the copy was updated. It is not called for what is
   * already there: use `list()`. One that throws is logged and does not stop the others.
   *
   * @returns what ends it
   */
  onChange(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the first list has been delivered. Rejects with `signal.reason` when aborted first. */
  async whenSynced(signal: AbortSignal): Promise<void> {
    if (!this.#hasSynced) await untilAborted(this.#synced.promise, signal);
  }

  /** Follows the server until `signal` aborts; then resolves. Failures are logged and tried again, for ever. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    let revision: string | undefined;
    let backOffMs = minBackOffMs;
    while (!signal.aborted) {
      const startedAt = clock.monotonicMs();
      let failure: unknown;
      try {
        revision ??= await this.#relist(signal);
        for await (const event of this.#deps.client.watch<T>(
          this.#deps.resource,
          { ...this.#deps.options, resourceVersion: revision },
          signal,
        )) {
          if (event.type === 'BOOKMARK') {
            revision = event.resourceVersion;
            continue;
          }
          if (event.type === 'DELETED') this.#remove(event.object);
          else this.#put(event.object);
          revision = event.object.metadata.resourceVersion ?? revision;
          backOffMs = minBackOffMs;
        }
      } catch (error) {
        failure = error;
      }
      if (signal.aborted) return;
      if (isStatusError(failure, 'Expired')) revision = undefined;
      if (failure === undefined && clock.monotonicMs() - startedAt >= shortestHealthyWatchMs) {
        backOffMs = minBackOffMs;
        continue;
      }
      const fields = { resource: this.#deps.resource.resource, retryInMs: backOffMs };
      if (failure === undefined || isStatusError(failure, 'Expired')) log.debug('watch ended', fields);
      else log.warn('following failed', { ...fields, error: failure });
      await clock.sleep(backOffMs, signal).catch(() => undefined);
      backOffMs = Math.min(backOffMs * 2, maxBackOffMs);
    }
  }

  /** Reads everything and makes the copy equal to it. Nothing is changed unless every page arrived. */
  async #relist(signal: AbortSignal): Promise<string> {
    const { client, resource, options } = this.#deps;
    const listed = new Map<string, T>();
    let next: string | undefined;
    let revision = '';
    do {
      const page = await client.list<T>(
        resource,
        { ...options, limit: pageSize, ...(next === undefined ? {} : { continue: next }) },
        signal,
      );
      for (const object of page.items) listed.set(keyOf(object), object);
      revision = page.metadata.resourceVersion ?? '';
      next = page.metadata.continue || undefined;
    } while (next !== undefined);

    for (const [key, object] of this.#objects) if (!listed.has(key)) this.#remove(object);
    for (const object of listed.values()) this.#put(object);
    this.#hasSynced = true;
    this.#synced.resolve();
    return revision;
  }

  #put(whole: T): void {
    const object = (this.#deps.trim?.(whole) ?? whole) as T;
    const key = keyOf(object);
    const previous = this.#objects.get(key);
    if (previous === undefined) {
      this.#objects.set(key, object);
      this.#emit({ type: 'added', object });
      return;
    }
    if (previous.metadata.uid !== object.metadata.uid) {
      this.#remove(previous);
      this.#put(object);
      return;
    }
    // A list repeats what is known already.
    const revision = object.metadata.resourceVersion;
    if (revision !== undefined && revision === previous.metadata.resourceVersion) return;
    this.#objects.set(key, object);
    this.#emit({ type: 'modified', object, previous });
  }

  #remove(object: T): void {
    const key = keyOf(object);
    const previous = this.#objects.get(key);
    // Never seen, already delivered by a list, or an earlier object of this name.
    if (previous === undefined || previous.metadata.uid !== object.metadata.uid) return;
    this.#objects.delete(key);
    this.#emit({ type: 'deleted', object, previous });
  }

  #emit(change: Change<T>): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(change);
      } catch (error) {
        this.#deps.log.error('informer listener failed', { resource: this.#deps.resource.resource, error });
      }
    }
  }
}

function keyOf(object: Followed): string {
  return cacheKey(object.metadata.namespace, object.metadata.name ?? '');
}

function cacheKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}
