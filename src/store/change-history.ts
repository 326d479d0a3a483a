/**
 * The recent changes of a store, once, for all its watches.
 *
 * A ring bounded by count and bytes. A watch holds only its place in the ring, so a thousand slow
 * watches cost no more than one; whoever falls out of the ring gets `Expired` and lists again. Nothing
 * is copied, no timer runs, and a watch that waits costs one entry in a set.
 */
import { StatusError } from '../lib/status-error.ts';
import type { ChangedKeys } from './earlier-page.ts';
import { compareKeys } from './entry.ts';
import type { Change, Entry } from './store.ts';

export interface HistoryLimits {
  /** Changes kept at most. */
  readonly maxChanges: number;
  /** Characters of text kept at most; the newest change is always kept, however long. */
  readonly maxBytes: number;
}

/** About two hours of a quiet device and a burst of a busy one. */
export const defaultHistoryLimits: HistoryLimits = { maxChanges: 4096, maxBytes: 2 * 1024 * 1024 };

/** What a change costs beside its texts: objects, key, place in the maps. */
const changeOverheadBytes = 256;

interface Kept {
  readonly change: Change;
  readonly bytes: number;
}

export class ChangeHistory {
  readonly #limits: HistoryLimits;
  /** `#kept[#head]` is the oldest change; its place, counted from the start of this process, is `#firstPlace`. */
  #kept: (Kept | undefined)[] = [];
  #head = 0;
  #firstPlace = 0;
  #bytes = 0;
  /** Every change after this revision is kept. */
  #floor: number;
  #revision: number;
  /** The state of each key whose last change is kept; undefined for a deleted one. */
  readonly #latest = new Map<string, { readonly place: number; readonly entry: Entry | undefined }>();
  readonly #waiting = new Set<() => void>();
  #trimming = false;
  #closed = false;

  constructor(startRevision: number, limits: HistoryLimits = defaultHistoryLimits) {
    this.#floor = startRevision;
    this.#revision = startRevision;
    this.#limits = limits;
  }

  /** Revision of the last change, or the one the store started at. */
  get revision(): number {
    return this.#revision;
  }

  /** Watches that wait for a change now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** What is known of `key` from its last change: the entry, its absence, or nothing (`'unknown'`). */
  latest(key: string): Entry | undefined | 'unknown' {
    const latest = this.#latest.get(key);
    return latest === undefined ? 'unknown' : latest.entry;
  }

  /** Adds changes, oldest first, and wakes the watches. */
  publish(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    for (const change of changes) this.#append(change);
    this.#wakeAll();
    this.#trimSoon();
  }

  /** As `Store.watch`. Ends when `signal` aborts or the history is closed. */
  async *watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<Change> {
    if (signal.aborted || this.#closed) return;
    let place = this.#placeAfter(fromRevision);
    while (!signal.aborted && !this.#closed) {
      if (place < this.#firstPlace) {
        throw new StatusError('Expired', 'too old resource version: the watch fell behind the history that is kept');
      }
      const change = this.#changeAt(place);
      if (change === undefined) {
        await this.#nextPublish(signal);
        continue;
      }
      place += 1;
      if (keyOf(change).startsWith(prefix)) yield change;
    }
  }

  /**
   * Keys with `prefix` that sort after `after` and have changed since `revision`. Costs a look at every change that is
   * kept since then, and holds nothing that the history does not hold.
   *
   * @throws StatusError `Expired`, as `watch`
   */
  changedSince(revision: number, prefix: string, after: string): ChangedKeys {
    const found = new Map<string, { readonly then: Entry | undefined; readonly now: Entry | undefined }>();
    for (let place = this.#placeAfter(revision); ; place += 1) {
      const change = this.#changeAt(place);
      if (change === undefined) return found;
      const key = keyOf(change);
      if (!key.startsWith(prefix) || compareKeys(key, after) <= 0) continue;
      const then = found.has(key) ? found.get(key)?.then : change.previous;
      found.set(key, { then, now: change.type === 'put' ? change.entry : undefined });
    }
  }

  /** Ends every watch. */
  close(): void {
    this.#closed = true;
    this.#wakeAll();
  }

  #append(change: Change): void {
    const key = keyOf(change);
    const bytes = sizeOf(change, this.latest(key) === change.previous);
    this.#latest.set(key, {
      place: this.#firstPlace + this.#kept.length - this.#head,
      entry: change.type === 'put' ? change.entry : undefined,
    });
    this.#kept.push({ change, bytes });
    this.#bytes += bytes;
    this.#revision = change.revision;
  }

  /** Undefined for a place that no change has taken yet. */
  #changeAt(place: number): Change | undefined {
    return this.#kept[this.#head + place - this.#firstPlace]?.change;
  }

  /** The place of the first change after `revision`. */
  #placeAfter(revision: number): number {
    if (revision < this.#floor) {
      throw new StatusError('Expired', `too old resource version: ${revision} (${this.#floor})`);
    }
    if (revision > this.#revision) {
      throw new StatusError(
        'Expired',
        `resource version ${revision} is not of this store, which is at ${this.#revision}`,
      );
    }
    let low = this.#head;
    let high = this.#kept.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#kept[middle]?.change.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#firstPlace + low - this.#head;
  }

  #nextPublish(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** After this macrotask: a watch that keeps up must have had the chance to read a burst larger than the ring. */
  #trimSoon(): void {
    if (this.#trimming || !this.#isTooLarge()) return;
    this.#trimming = true;
    setImmediate(() => {
      this.#trimming = false;
      this.#trim();
    });
  }

  #trim(): void {
    while (this.#isTooLarge()) {
      const oldest = this.#kept[this.#head];
      if (oldest === undefined) break;
      const key = keyOf(oldest.change);
      if (this.#latest.get(key)?.place === this.#firstPlace) this.#latest.delete(key);
      this.#kept[this.#head] = undefined;
      this.#head += 1;
      this.#firstPlace += 1;
      this.#bytes -= oldest.bytes;
      this.#floor = oldest.change.revision;
    }
    // Moved rarely, so that dropping one change costs the same however long the ring is.
    if (this.#head > this.#kept.length / 2) {
      this.#kept = this.#kept.slice(this.#head);
      this.#head = 0;
    }
  }

  #isTooLarge(): boolean {
    const count = this.#kept.length - this.#head;
    return count > this.#limits.maxChanges || (count > 1 && this.#bytes > this.#limits.maxBytes);
  }
}

function keyOf(change: Change): string {
  return change.type === 'put' ? change.entry.key : change.previous.key;
}

/** Text that is the same string in two entries is held once and counted once. */
function sizeOf(change: Change, previousIsKept: boolean): number {
  const { previous } = change;
  let bytes = changeOverheadBytes;
  if (!previousIsKept) bytes += (previous?.intent?.length ?? 0) + (previous?.observation?.length ?? 0);
  if (change.type === 'delete') return bytes;
  const { entry } = change;
  if (entry.intent !== previous?.intent) bytes += entry.intent?.length ?? 0;
  if (entry.observation !== previous?.observation) bytes += entry.observation?.length ?? 0;
  return bytes;
}
