/**
 * Where objects live: a key-value map with one revision counter, as etcd's, in which
 * every value has two parts (design D5).
 *
 * - `intent` is what somebody asked for. It is durable before `put` resolves.
 * - `observation` is what was seen: status, events, heartbeats. It is journalled on
 *   tmpfs: it survives the death of this process, costs no flash, and ends with the boot.
 *   With `keep`, its last value is also made durable, at most once a minute, for what must
 *   outlive a power cut (a finished pod stays finished).
 *
 * Every write takes the next revision; a watch started at revision R delivers every change
 * after R, in order, once. Revisions never go back: each start durably reserves a block above
 * any that was ever handed out, and history from before the start answers `Expired`.
 *
 * `testing/store-suite.ts` is the specification; every implementation must pass it.
 */

/** A stored value. An entry may have only an observation (events), only an intent, or both. */
export interface Entry {
  /** `/registry/<group>/<resource>/<namespace>/<name>`, slashes as in etcd; any printable string works. */
  readonly key: string;
  /** JSON text. */
  readonly intent: string | undefined;
  /** JSON text. */
  readonly observation: string | undefined;
  /** True when `observation` was kept from an earlier boot and nothing has been seen since. */
  readonly observationIsFromEarlierBoot: boolean;
  /** Revision of the write that created the key. */
  readonly createRevision: number;
  /** Revision of the last write to either part. */
  readonly revision: number;
}

export interface Put {
  readonly key: string;
  /** New text, or undefined to leave the part as it is. */
  readonly intent?: string;
  /** New text, or undefined to leave the part as it is. */
  readonly observation?: string;
  /** Keep this observation over a power cut (written with others, at most once a minute). */
  readonly keep?: boolean;
  /** A step of a deletion (a pod marked to end): on a full disk it gets the space that is held back for deleting. */
  readonly isDeletion?: boolean;
  /** The entry's current revision; 0 means that the key must not exist. */
  readonly expected: number;
}

export type Change =
  | { readonly type: 'put'; readonly entry: Entry; readonly previous: Entry | undefined; readonly revision: number }
  | { readonly type: 'delete'; readonly previous: Entry; readonly revision: number };

export interface ListOptions {
  /** Only keys that sort after this one. Default: all. */
  readonly after?: string;
  /** At most so many, 1 or more. Default: all. */
  readonly limit?: number;
  /** As everything was at this revision. Default: as it is. */
  readonly at?: number;
}

export interface Page {
  readonly entries: readonly Entry[];
  /** Revision of the whole store when the page was read, or the one that was asked for. */
  readonly revision: number;
  /** True when more keys follow the last entry. */
  readonly more: boolean;
  /** How many keys with the prefix follow the last entry. */
  readonly remaining: number;
}

export interface Store {
  get(key: string): Promise<Entry | undefined>;

  /**
   * Keys that start with `prefix`, in byte order.
   *
   * @throws StatusError `Expired` when the history that is kept does not reach back to `at` (or it is in the future)
   */
  list(prefix: string, options?: ListOptions): Promise<Page>;

  /** The stored entry, or `'Conflict'` when `expected` is not the key's revision now. */
  put(put: Put): Promise<Entry | 'Conflict'>;

  /** The removed entry, `'Conflict'` when `expected` is not the key's revision, or undefined when there is none. */
  delete(key: string, expected: number): Promise<Entry | 'Conflict' | undefined>;

  /** The revision of the last write (of the whole store). */
  revision(): number;

  /**
   * Changes after `fromRevision` to keys that start with `prefix`, until `signal` aborts (then it just ends).
   *
   * @throws StatusError `Expired` when `fromRevision` lies before the history that is kept (or in the
   *   future of this store), or when the reader falls further behind than its bound.
   */
  watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<Change>;

  /** Makes kept observations durable now (before a planned stop). */
  flush(): Promise<void>;

  /** Flushes and closes. Watches end. */
  close(): Promise<void>;
}
