/**
 * The watched directory, where somebody puts bundles on a stick: each new file that a trusted key has signed is applied.
 *
 * A file is looked at when it has stood still for a while; one that is not whole yet is waited for. What became of a file is told
 * by an event, and by the Bundle of its name when there is one. A file that was taken, or that is wrong itself, is taken up again
 * only when it changes; one that something else was in the way of is tried again, without another word about the same.
 */
import { type Bundle, type BundleStatus, bundleKind } from '../../api/kinds/bundle.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { bundles as bundleResource } from '../../api/resources.ts';
import { apiVersionOf } from '../../api/scheme.ts';
import type { ObjectEvents } from '../../controllers/object-events.ts';
import { type Clock, formatTime } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { FileOutcome } from './bundle-receiver.ts';
import { computeNextTry, patienceMs } from './compute-next-try.ts';
import type { Obstacle } from './refusal.ts';

/** Milliseconds between two looks: a stick that is mounted makes no other sign. A directory is cheap to list. */
const intervalMs = 2_000;
/** More files than these in one directory are no bundles of one device. */
const maxFiles = 64;
const component = 'bundle-directory';

/** A file as far as it shows whether it changes. */
export interface FileState {
  readonly name: string;
  readonly sizeBytes: number;
  readonly changedMs: number;
}

export interface BundleDirectoryDeps {
  /** The regular files of the directory, links left out; none when there is no directory. */
  readonly listFiles: () => Promise<readonly FileState[]>;
  /** The path of a file, by its name. */
  readonly pathOf: (name: string) => string;
  /** The keys that are trusted now, in a text that is another one for other keys. */
  readonly readKeys: () => Promise<string>;
  readonly offer: (path: string, signal: AbortSignal) => Promise<FileOutcome>;
  readonly client: ObjectClient;
  readonly events: ObjectEvents;
  /** For files whose Bundle does not exist. */
  readonly warnNode: (reason: string, message: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** When a file is offered next. */
type Offering =
  | { readonly when: 'FileChanges' }
  | { readonly when: 'At'; readonly ms: number }
  /** As soon as the trusted keys are others than these, undefined when they could not be read. */
  | { readonly when: 'KeysChange'; readonly from: string | undefined };

/** What is known of a file while it does not change. */
interface Known {
  readonly state: FileState;
  /** When it was first seen like this, by the monotonic clock. */
  readonly sinceMs: number;
  next: Offering;
  /** The kind of refusal that was the last one, and how many of it came in a row. */
  refusals: { readonly kind: string; readonly count: number };
  /** What was spoken of: nobody wants to hear the same every five minutes. */
  readonly told: Set<Obstacle>;
}

type Refusal = Extract<FileOutcome, { readonly outcome: 'Refused' }>;

export class BundleDirectory {
  readonly #deps: BundleDirectoryDeps;
  readonly #known = new Map<string, Known>();

  constructor(deps: BundleDirectoryDeps) {
    this.#deps = deps;
  }

  /** Looks again and again until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    let isWarned = false;
    while (!signal.aborted) {
      try {
        await this.look(signal);
        isWarned = false;
      } catch (error) {
        // A stick that is broken stays so for days.
        if (!signal.aborted && !isWarned) log.warn('the directory of bundles cannot be looked at', { error });
        isWarned = true;
      }
      await clock.sleep(intervalMs, signal).catch(() => {});
    }
  }

  /** Looks once, and offers what has stood still since the look before, or may pass now. */
  async look(signal: AbortSignal): Promise<void> {
    const { clock, listFiles } = this.#deps;
    const found = (await listFiles()).filter(({ name }) => isBundle(name)).slice(0, maxFiles);
    const names = new Set(found.map(({ name }) => name));
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
    for (const state of found) {
      const known = this.#known.get(state.name);
      if (known !== undefined && isSame(known.state, state)) {
        if (await this.#isDue(known.next)) await this.#offer(known, signal);
        continue;
      }
      const nowMs = clock.monotonicMs();
      const refusals = { kind: '', count: 0 };
      this.#known.set(state.name, {
        state,
        sinceMs: nowMs,
        next: { when: 'At', ms: nowMs + 1 },
        refusals,
        told: new Set(),
      });
    }
  }

  async #isDue(next: Offering): Promise<boolean> {
    switch (next.when) {
      case 'FileChanges':
        return false;
      case 'At':
        return this.#deps.clock.monotonicMs() >= next.ms;
      case 'KeysChange':
        return (await this.#readKeys()) !== next.from;
    }
  }

  async #offer(known: Known, signal: AbortSignal): Promise<void> {
    const { offer, pathOf, log } = this.#deps;
    const path = pathOf(known.state.name);
    // Before they are read for the offer: what changes in between is looked at once more.
    const keys = await this.#readKeys();
    const outcome = await offer(path, signal);
    if (outcome.outcome === 'Refused') {
      await this.#wait(known, path, outcome, keys);
      return;
    }
    log.info('bundle file looked at', { path, ...outcome });
    known.next = { when: 'FileChanges' };
    if (outcome.outcome === 'Unchanged') return;
    const message = `version ${outcome.version} came from ${path}`;
    const bundle = await this.#tell(outcome.bundle, { type: 'Normal', reason: 'BundleTaken', message });
    if (bundle?.status.refused?.from === path) await this.#writeRefused(outcome.bundle, null);
  }

  async #wait(known: Known, path: string, refusal: Refusal, keys: string | undefined): Promise<void> {
    const { clock, log } = this.#deps;
    const { obstacle, hasWritten, message, bundle } = refusal;
    const kind = `${obstacle} ${hasWritten}`;
    const count = kind === known.refusals.kind ? known.refusals.count : 0;
    known.refusals = { kind, count: count + 1 };
    const nowMs = clock.monotonicMs();
    const next = computeNextTry(obstacle, hasWritten, count);
    if (next.when === 'Later') known.next = { when: 'At', ms: nowMs + next.pauseMs };
    else known.next = next.when === 'KeysChange' ? { ...next, from: keys } : next;

    const isEarly = obstacle === 'Copy' && nowMs - known.sinceMs < patienceMs;
    const isNews = !isEarly && !known.told.has(obstacle);
    log[isNews ? 'info' : 'debug']('bundle file looked at', { path, ...refusal });
    if (!isNews) return;
    known.told.add(obstacle);
    const found = await this.#tell(bundle, {
      type: 'Warning',
      reason: 'BundleRefused',
      message: `${path}: ${message}`,
    });
    if (found === undefined) return;
    await this.#writeRefused(bundle, { from: path, message, time: formatTime(clock.now()) });
  }

  async #readKeys(): Promise<string | undefined> {
    try {
      return await this.#deps.readKeys();
    } catch {
      // Whoever reads them for the bundle says why.
      return undefined;
    }
  }

  /** @returns the Bundle, when there is one */
  async #tell(
    name: string | undefined,
    event: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string },
  ): Promise<Bundle | undefined> {
    const { events, warnNode } = this.#deps;
    const bundle = name === undefined ? undefined : await this.#find(name);
    if (bundle === undefined) {
      warnNode(event.reason, event.message);
      return undefined;
    }
    const object = { ...bundle, apiVersion: apiVersionOf(bundleKind), kind: bundleKind.kind };
    events.recordFor(object, { ...event, component });
    return bundle;
  }

  async #writeRefused(name = '', refused: BundleStatus['refused'] | null): Promise<void> {
    try {
      await this.#deps.client.patch(
        bundleResource,
        { name },
        'merge',
        { status: { refused } },
        { subresource: 'status' },
      );
    } catch (error) {
      if (!isStatusError(error, 'NotFound', 'Conflict')) throw error;
    }
  }

  async #find(name: string): Promise<Bundle | undefined> {
    try {
      return await this.#deps.client.get<Bundle>(bundleResource, { name });
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

/** Hidden files are unfinished copies, and what other systems leave beside files on sticks. */
function isBundle(name: string): boolean {
  return name.endsWith('.eliot') && !name.startsWith('.');
}

function isSame(one: FileState, other: FileState): boolean {
  return one.sizeBytes === other.sizeBytes && one.changedMs === other.changedMs;
}
