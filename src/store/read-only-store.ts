/** A store that can be read but not written: what the API serves while the database cannot be opened (design D14). */
import { StatusError } from '../lib/status-error.ts';
import type { Change, Entry, ListOptions, Page, Put, Store } from './store.ts';

export class ReadOnlyStore implements Store {
  readonly #store: Store;
  readonly #why: string;

  /** @param why ends the sentence `the store is read-only: …` of every refused write */
  constructor(store: Store, why: string) {
    this.#store = store;
    this.#why = why;
  }

  get(key: string): Promise<Entry | undefined> {
    return this.#store.get(key);
  }

  list(prefix: string, options?: ListOptions): Promise<Page> {
    return this.#store.list(prefix, options);
  }

  put(_put: Put): Promise<Entry | 'Conflict'> {
    return this.#refuse();
  }

  delete(_key: string, _expected: number): Promise<Entry | 'Conflict' | undefined> {
    return this.#refuse();
  }

  revision(): number {
    return this.#store.revision();
  }

  watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<Change> {
    return this.#store.watch(prefix, fromRevision, signal);
  }

  flush(): Promise<void> {
    return this.#store.flush();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #refuse(): Promise<never> {
    throw new StatusError('ServiceUnavailable', `the store is read-only: ${this.#why}`);
  }
}
