/** A store that lives and dies with the process: for tests, and behind `ReadOnlyStore`. */
import { ChangeHistory, defaultHistoryLimits, type HistoryLimits } from './change-history.ts';
import { readEarlierPage } from './earlier-page.ts';
import { applyPut, compareKeys } from './entry.ts';
import type { Change, Entry, ListOptions, Page, Put, Store } from './store.ts';

export interface MemoryStoreOptions {
  /** The revision before the first write; default 1, for 0 means "any" on the wire. */
  readonly startRevision?: number;
  readonly history?: HistoryLimits;
}

export class MemoryStore implements Store {
  readonly #entries = new Map<string, Entry>();
  readonly #history: ChangeHistory;
  /** Sorted keys, or undefined when one was added or removed since they were sorted. */
  #sortedKeys: readonly string[] | undefined;

  constructor(options: MemoryStoreOptions = {}) {
    this.#history = new ChangeHistory(options.startRevision ?? 1, options.history ?? defaultHistoryLimits);
  }

  async get(key: string): Promise<Entry | undefined> {
    return this.#entries.get(key);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Page> {
    const { after = '', limit = Number.POSITIVE_INFINITY, at = this.revision() } = options;
    const changed = this.#history.changedSince(at, prefix, after);
    const keysAfter = (key: string): readonly string[] => this.#keysAfter(prefix, key);
    const current = {
      list: (key: string, count: number) =>
        keysAfter(key)
          .slice(0, count)
          .flatMap((each) => this.#entries.get(each) ?? []),
      count: (key: string) => keysAfter(key).length,
    };
    const { entries, remaining } = readEarlierPage(current, changed, { after, limit });
    return { entries, revision: at, more: remaining > 0, remaining };
  }

  async put(put: Put): Promise<Entry | 'Conflict'> {
    const previous = this.#entries.get(put.key);
    const revision = this.revision() + 1;
    const entry = applyPut(previous, put, revision);
    if (entry === 'Conflict') return entry;
    if (previous === undefined) this.#sortedKeys = undefined;
    this.#entries.set(put.key, entry);
    this.#publish({ type: 'put', entry, previous, revision });
    return entry;
  }

  async delete(key: string, expected: number): Promise<Entry | 'Conflict' | undefined> {
    const previous = this.#entries.get(key);
    if (previous === undefined) return undefined;
    if (previous.revision !== expected) return 'Conflict';
    this.#entries.delete(key);
    this.#sortedKeys = undefined;
    this.#publish({ type: 'delete', previous, revision: this.revision() + 1 });
    return previous;
  }

  revision(): number {
    return this.#history.revision;
  }

  watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<Change> {
    return this.#history.watch(prefix, fromRevision, signal);
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {
    this.#history.close();
  }

  #keysAfter(prefix: string, after: string): readonly string[] {
    this.#sortedKeys ??= [...this.#entries.keys()].sort(compareKeys);
    return this.#sortedKeys.filter((key) => key.startsWith(prefix) && compareKeys(key, after) > 0);
  }

  #publish(change: Change): void {
    this.#history.publish([change]);
  }
}
