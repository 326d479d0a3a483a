/**
 * Keeps the device as one source wants it: applies what the source hands over, and applies it again when somebody edits
 * or deletes an object of it, when a write failed, and every few minutes in any case.
 */
import { jsonEqual } from '../../api/json-value.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import type { KindDescription } from '../../api/schema/kind.ts';
import { type Change, Informer } from '../../client/informer.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { type ProcessResult, WorkQueue } from '../../lib/work-queue.ts';
import { applySource } from './apply-source.ts';
import { type DesiredState, resourceOf, sourceLabel } from './desired-state.ts';

/** Milliseconds after which an object that is being deleted is looked for again. */
const endingAgainAfterMs = 1_000;

/** Milliseconds between two looks when nothing happens: against a change that nobody heard of. */
const slowIntervalMs = 5 * 60_000;

/** Milliseconds after which a refused state is tried again: what stood in its way may be gone, and is not watched. */
const refusedAgainAfterMs = 60_000;

/** How the last attempt ended, for a condition and for the hub. */
export type SourceStatus =
  | { readonly state: 'Unknown' }
  | { readonly state: 'Applied' | 'Progressing'; readonly version: string; readonly hash: string }
  | { readonly state: 'Refused'; readonly version: string; readonly hash: string; readonly message: string };

export interface SourceControllerDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** All kinds that are served. */
  readonly kinds: readonly KindDescription[];
  /** The source's name: value of the label on its objects. */
  readonly name: string;
  /** Told after each attempt. Default: nobody. */
  readonly onAttempt?: () => void;
}

export class SourceController {
  readonly #deps: SourceControllerDeps;
  readonly #log: Logger;
  readonly #queue: WorkQueue;
  readonly #followed = new Set<string>();
  readonly #following = new Set<Promise<void>>();
  #desired: DesiredState | undefined;
  #status: SourceStatus = { state: 'Unknown' };

  constructor(deps: SourceControllerDeps) {
    this.#deps = deps;
    this.#log = deps.log.child({ source: deps.name });
    this.#queue = new WorkQueue({
      clock: deps.clock,
      log: this.#log,
      process: (_key, signal) => this.#apply(signal),
    });
  }

  get status(): SourceStatus {
    return this.#status;
  }

  /** Hands over a new desired state; it replaces the one before as a whole. */
  setDesired(desired: DesiredState): void {
    this.#desired = desired;
    this.#queue.add('apply');
  }

  /** Works until `signal` aborts. Until a state is handed over it changes nothing. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#queue.run(signal);
    await Promise.all(this.#following);
  }

  async #apply(signal: AbortSignal): Promise<ProcessResult> {
    const desired = this.#desired;
    if (desired === undefined) return undefined;
    this.#follow(desired, signal);
    const result = await applySource(this.#deps, desired, signal);
    // The status is set by then.
    queueMicrotask(() => this.#deps.onAttempt?.());
    const { version, hash } = desired;
    if (result.outcome === 'Refused') {
      if (this.#status.state !== 'Refused' || this.#status.message !== result.message) {
        this.#log.error('source refused, nothing changed', { version, reason: result.message });
      }
      this.#status = { state: 'Refused', version, hash, message: result.message };
      return { againAfterMs: refusedAgainAfterMs };
    }
    if (result.changed.length > 0) this.#log.info('source applied', { version, changes: result.changed });
    const isEnding = result.ending.length > 0;
    this.#status = { state: isEnding ? 'Progressing' : 'Applied', version, hash };
    return { againAfterMs: isEnding ? endingAgainAfterMs : slowIntervalMs };
  }

  /** Watches the kinds that the source has used since the start: what was edited or deleted is put back at once. */
  #follow(desired: DesiredState, signal: AbortSignal): void {
    const { client, clock, name } = this.#deps;
    for (const { kind } of desired.objects) {
      const id = `${kind.group}/${kind.resource}`;
      if (this.#followed.has(id)) continue;
      this.#followed.add(id);
      const options = { labelSelector: `${sourceLabel}=${name}` };
      const informer = new Informer<KubeObject>({ client, resource: resourceOf(kind), options, clock, log: this.#log });
      informer.onChange((change) => {
        if (isWorthALook(change)) this.#queue.add('apply');
      });
      this.#following.add(informer.run(signal));
    }
  }
}

/** A change of status is nobody's edit, and the most frequent one. */
function isWorthALook(change: Change<KubeObject>): boolean {
  return change.type !== 'modified' || !jsonEqual(wantedPart(change.previous), wantedPart(change.object));
}

function wantedPart({ status: _status, metadata, ...content }: KubeObject): unknown {
  const { resourceVersion: _revision, managedFields: _managed, generation: _generation, ...rest } = metadata;
  return { ...content, metadata: rest };
}
