/** What controllers need of an informer: a local copy of some objects that says when they change. */
import type { ObjectKey } from '../api/object-client.ts';

export interface ObjectChange<T> {
  readonly type: 'added' | 'modified' | 'deleted';
  /** As it is now; of one that was deleted, the last version that was seen. */
  readonly object: T;
  /** The version that was known before; undefined for an object that is new here. */
  readonly previous?: T | undefined;
}

export interface ObjectSource<T> {
  get(key: ObjectKey): T | undefined;
  list(): readonly T[];
  /** @returns what ends it */
  onChange(listener: (change: ObjectChange<T>) => void): () => void;
  /** Resolves when the copy holds what existed at first. Rejects with the signal's reason when it aborts first. */
  whenSynced(signal: AbortSignal): Promise<void>;
}
