/**
 * Which events are worth writing: equal ones are counted on one object, and a source that says too much
 * about one object is cut off, with the numbers of client-go's EventCorrelator. Pure but for its memory,
 * which is bounded.
 */

/** What makes two events the same one, happening again. */
export interface EventIdentity {
  readonly uid: string;
  readonly fieldPath: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly component: string;
}

/** `name` of the event object to write and how often it has happened; undefined when it is cut off. */
export type Correlation = { readonly name: string; readonly count: number; readonly firstMs: number } | undefined;

interface Seen {
  readonly name: string;
  readonly firstMs: number;
  count: number;
}

interface Bucket {
  tokens: number;
  filledAtMonotonicMs: number;
}

/** client-go's defaults: 25 events at once about one object, then one each 5 minutes. */
const burst = 25;
const refillMs = 300_000;
const rememberedEvents = 1024;

export class EventCorrelator {
  readonly #newName: (identity: EventIdentity) => string;
  readonly #seen = new Map<string, Seen>();
  readonly #buckets = new Map<string, Bucket>();

  /** @param newName a fresh name for an event that was not seen before */
  constructor(newName: (identity: EventIdentity) => string) {
    this.#newName = newName;
  }

  /**
   * @param nowMs wall clock, for the first occurrence
   * @param monotonicMs for the rate
   */
  correlate(identity: EventIdentity, nowMs: number, monotonicMs: number): Correlation {
    if (!this.#takeToken(`${identity.component}/${identity.uid}`, monotonicMs)) return undefined;
    const key = JSON.stringify(Object.values(identity));
    const seen = this.#seen.get(key) ?? { name: this.#newName(identity), firstMs: nowMs, count: 0 };
    seen.count += 1;
    remember(this.#seen, key, seen);
    return { name: seen.name, count: seen.count, firstMs: seen.firstMs };
  }

  #takeToken(key: string, monotonicMs: number): boolean {
    const bucket = this.#buckets.get(key) ?? { tokens: burst, filledAtMonotonicMs: monotonicMs };
    const refilled = Math.floor((monotonicMs - bucket.filledAtMonotonicMs) / refillMs);
    if (refilled > 0) {
      bucket.tokens = Math.min(burst, bucket.tokens + refilled);
      bucket.filledAtMonotonicMs += refilled * refillMs;
    }
    remember(this.#buckets, key, bucket);
    if (bucket.tokens === 0) return false;
    bucket.tokens -= 1;
    return true;
  }
}

/** Keeps the newest entries: a Map iterates in the order of insertion. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= rememberedEvents) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
