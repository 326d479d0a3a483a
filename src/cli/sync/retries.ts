/**
 * What could not be brought in step, and when it is tried again: each path for itself, so that one that always fails (a log that
 * grows while it is read, a file that may not be read) holds up no other.
 */
import type { Clock } from '../../lib/clock.ts';
import type { TreeError } from '../../lib/tree/tree-error.ts';
import { RemoteFailure } from './sync-failures.ts';

const firstPauseMs = 200;
const longestPauseMs = 5_000;
/** A file that is being saved fails once or twice: what fails as often as this is worth a word. */
const triesBeforeTelling = 3;
/** At the second failure, and where that did not help at every eighth from there on: some 40 s. */
const comparedAtTry = 2;
const comparedEveryTries = 8;

interface Held {
  readonly error: TreeError;
  readonly tries: number;
  readonly dueAtMs: number;
}

/** Paths that failed. Pauses grow from 200 ms to 5 s. */
export class Retries {
  readonly #clock: Clock;
  readonly #held = new Map<string, Held>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a path waits for its next try: what happens to it until then is seen by that. */
  holds(path: string): boolean {
    return this.#held.has(path);
  }

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  /** Those whose time has come. */
  due(): string[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#held].filter(([, { dueAtMs }]) => dueAtMs <= nowMs).map(([path]) => path);
  }

  /** Until the next one is due; undefined when nothing is held. */
  nextInMs(): number | undefined {
    if (this.isEmpty) return undefined;
    let dueAtMs = Number.POSITIVE_INFINITY;
    for (const held of this.#held.values()) dueAtMs = Math.min(dueAtMs, held.dueAtMs);
    return Math.max(0, dueAtMs - this.#clock.monotonicMs());
  }

  /** All are due now: there is a new connection, or no time left. */
  hurry(): void {
    for (const [path, held] of this.#held) this.#held.set(path, { ...held, dueAtMs: 0 });
  }

  /** What came of a try of some paths. */
  settle(paths: Iterable<string>, failed: ReadonlyMap<string, TreeError>): void {
    for (const path of paths) if (!failed.has(path)) this.#held.delete(path);
    const nowMs = this.#clock.monotonicMs();
    for (const [path, error] of failed) {
      const tries = (this.#held.get(path)?.tries ?? 0) + 1;
      const pauseMs = Math.min(firstPauseMs * 2 ** (tries - 1), longestPauseMs);
      this.#held.set(path, { error, tries, dueAtMs: nowMs + pauseMs });
    }
  }

  /** Whether one of those that have just failed asks for a comparison: the device is not as we believe. */
  asksForComparison(failed: ReadonlyMap<string, TreeError>): boolean {
    return [...failed].some(([path, error]) => {
      const { tries = 0 } = this.#held.get(path) ?? {};
      return isAboutDirectories(error) && tries % comparedEveryTries === comparedAtTry;
    });
  }

  /** Those that fail again and again, and why. */
  troubles(): ReadonlyMap<string, TreeError> {
    const lasting = [...this.#held].filter(([, { tries }]) => tries >= triesBeforeTelling);
    return new Map(lasting.map(([path, { error }]) => [path, error]));
  }

  /** Whether all that is held fails again and again, and not because the disk is full: that concerns every file, and ends. */
  areLasting(): boolean {
    return [...this.#held.values()].every(
      ({ tries, error }) => tries >= triesBeforeTelling && error.code !== 'NoSpace',
    );
  }
}

/** Something is in the way above the path, or gone; what is at the path itself was told with the failure. */
function isAboutDirectories(error: TreeError): boolean {
  if (!(error instanceof RemoteFailure)) return false;
  return error.code === 'Blocked' || (error.code === 'Changed' && (error.found ?? undefined) === undefined);
}
