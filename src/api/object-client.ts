/**
 * Objects as controllers, the agent and the command line see them, wherever the API
 * server is: `client/` implements it over HTTPS and the unix socket, `apiserver/`
 * inside the daemon's own process. Both go through the one write path.
 */
import type { KubeList, KubeObject } from './meta.ts';

/** Names a resource: `{ group: '', version: 'v1', resource: 'pods' }`. */
export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** Names one object; `namespace` is left out for cluster-scoped kinds. */
export interface ObjectKey {
  readonly namespace?: string;
  readonly name: string;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
}

export interface WatchOptions extends Omit<ListOptions, 'limit' | 'continue'> {
  /** Deliver what happened after this revision; without it, first ADDED for everything there is. */
  readonly resourceVersion?: string;
}

export type WatchEvent<T = KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface WriteOptions {
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  /** For `apply`: take fields that others own, which else is a `Conflict`. */
  readonly force?: boolean;
  /** `status` writes only the status; the main resource ignores a status that is sent. */
  readonly subresource?: string;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
}

/**
 * Every method throws `StatusError`: NotFound, AlreadyExists, Conflict (stale
 * resourceVersion), Invalid, Forbidden, Expired (watch or continue too old),
 * ServiceUnavailable and Timeout (may be tried again).
 */
export interface ObjectClient {
  get<T = KubeObject>(resource: GroupVersionResource, key: ObjectKey, signal?: AbortSignal): Promise<T>;
  list<T = KubeObject>(
    resource: GroupVersionResource,
    options?: ListOptions,
    signal?: AbortSignal,
  ): Promise<KubeList<T>>;
  /** Ends when `signal` aborts or the server closes the stream; throws `Expired` when history is gone. */
  watch<T = KubeObject>(
    resource: GroupVersionResource,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
  create<T = KubeObject>(resource: GroupVersionResource, object: T, options?: WriteOptions): Promise<T>;
  /** Replaces the object; a `metadata.resourceVersion` in it must be current, else `Conflict`. */
  update<T = KubeObject>(resource: GroupVersionResource, object: T, options?: WriteOptions): Promise<T>;
  patch<T = KubeObject>(
    resource: GroupVersionResource,
    key: ObjectKey,
    type: PatchType,
    patch: unknown,
    options?: WriteOptions,
  ): Promise<T>;
  /** Starts deletion; resolves with the object as it then is (it may live on until its grace ends). */
  delete<T = KubeObject>(resource: GroupVersionResource, key: ObjectKey, options?: DeleteOptions): Promise<T>;
}
