/** What controllers need of an informer: a local copy of some objects that says when they change. */
import type { ObjectKey } from '../api/object-client.ts';

export interface ObjectSource<T> {
  get(key: ObjectKey): T | undefined;
  list(): readonly T[];
  /** @returns what ends it */
  onChange(
    listener: (change: {
      readonly type: 'added' | 'modified' | 'deleted';
      readonly object: T;
      readonly previous?: T | undefined;
    }) => void,
  ): () => void;
  /** Resolves when the copy holds what existed at first. */
  whenSynced(signal: AbortSignal): Promise<void>;
}
