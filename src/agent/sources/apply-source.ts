/**
 * Makes the device hold what a source wants.
 *
 * All or nothing as far as an API without transactions allows: every change is tried as a dry run first, and one that is
 * refused leaves everything as it is. A failure in the middle throws; applying again goes on from there: a full disk,
 * or a bound on a number of objects (a quota), which every single one of them may keep when it is tried alone.
 */
import type { ObjectClient } from '../../api/object-client.ts';
import type { KindDescription } from '../../api/schema/kind.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { computeSourceChanges, type SourceChange } from './compute-source-changes.ts';
import { type DesiredState, describeObject, keyOf, resourceOf } from './desired-state.ts';
import { readLiveObjects } from './read-live-objects.ts';

export interface ApplySourceDeps {
  readonly client: ObjectClient;
  /** All kinds that are served. */
  readonly kinds: readonly KindDescription[];
}

export type ApplyResult =
  /** Objects in `ending` are made when they are gone: apply again then. */
  | { readonly outcome: 'Applied'; readonly changed: readonly string[]; readonly ending: readonly string[] }
  /** Nothing was changed; the same state will be refused again until somebody changes something. */
  | { readonly outcome: 'Refused'; readonly message: string };

/** Repeatable: what is as it should be is not written. @throws StatusError for what may work later */
export async function applySource(
  deps: ApplySourceDeps,
  desired: DesiredState,
  signal: AbortSignal,
): Promise<ApplyResult> {
  const live = await readLiveObjects(deps.client, deps.kinds, desired, signal);
  const { changes, clashes, ending } = computeSourceChanges(desired, live);
  if (clashes.length > 0) return { outcome: 'Refused', message: clashes.join('; ') };

  const writer = new SourceWriter(deps.client, `source:${desired.name}`);
  const rehearsed = await rehearseAll(writer, changes);
  if (rehearsed.outcome === 'Refused') return rehearsed;
  const { steps } = rehearsed;
  const replaced: string[] = [];
  for (const [index, step] of steps.entries()) {
    signal.throwIfAborted();
    await writer.carryOut(step);
    // A change that became a deletion: the object is made anew when it is gone.
    if (step.type === 'delete' && changes[index]?.type === 'update')
      replaced.push(describeObject(step.kind, step.object));
  }
  const changed = steps.map((step) => `${step.type} ${describeObject(step.kind, step.object)}`);
  return { outcome: 'Applied', changed, ending: [...ending, ...replaced] };
}

/**
 * Whether `desired` would be applied, and what would change. Changes nothing.
 *
 * @throws StatusError what the client is refused, and what may work later
 */
export async function rehearseSource(
  deps: ApplySourceDeps,
  desired: DesiredState,
  signal: AbortSignal,
): Promise<{ readonly outcome: 'Fine' } | { readonly outcome: 'Refused' | 'Clash'; readonly message: string }> {
  const live = await readLiveObjects(deps.client, deps.kinds, desired, signal);
  const { changes, clashes } = computeSourceChanges(desired, live);
  if (clashes.length > 0) return { outcome: 'Clash', message: clashes.join('; ') };
  const rehearsed = await rehearseAll(new SourceWriter(deps.client, `source:${desired.name}`), changes);
  return rehearsed.outcome === 'Refused' ? rehearsed : { outcome: 'Fine' };
}

async function rehearseAll(
  writer: SourceWriter,
  changes: readonly SourceChange[],
): Promise<
  | { readonly outcome: 'Fine'; readonly steps: readonly SourceChange[] }
  | { readonly outcome: 'Refused'; readonly message: string }
> {
  const steps: SourceChange[] = [];
  for (const change of changes) {
    const step = await writer.rehearse(change, changes);
    if (step.outcome === 'Refused') return step;
    steps.push(step.change);
  }
  return { outcome: 'Fine', steps };
}

type Rehearsal =
  | { readonly outcome: 'Fine'; readonly change: SourceChange }
  | { readonly outcome: 'Refused'; readonly message: string };

/** The writes of one source, under its own field manager. */
class SourceWriter {
  readonly #client: ObjectClient;
  readonly #fieldManager: string;

  constructor(client: ObjectClient, fieldManager: string) {
    this.#client = client;
    this.#fieldManager = fieldManager;
  }

  /** What will have to be done for `change`, found out without doing it. */
  async rehearse(change: SourceChange, all: readonly SourceChange[]): Promise<Rehearsal> {
    const fine: Rehearsal = { outcome: 'Fine', change };
    if (change.type === 'delete') return fine;
    try {
      await this.#write(change, true);
      return fine;
    } catch (error) {
      if (isStatusError(error, 'NotFound') && isNamespaceToCome(change, all)) return fine;
      // The object itself was found valid, so what is refused is the change: such an object is made anew, as a static pod
      // is by the kubelet. A namespace is not, for all that is in it would go.
      if (isStatusError(error, 'Invalid') && change.type === 'update' && change.kind.resource !== 'namespaces') {
        return { outcome: 'Fine', change: { ...change, type: 'delete' } };
      }
      if (isStatusError(error, 'Invalid', 'BadRequest')) return { outcome: 'Refused', message: error.message };
      throw error;
    }
  }

  async carryOut(change: SourceChange): Promise<void> {
    if (change.type !== 'delete') {
      await this.#write(change, false);
      return;
    }
    const { uid } = change.object.metadata;
    try {
      await this.#client.delete(resourceOf(change.kind), keyOf(change.object), {
        propagationPolicy: 'Background',
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      });
    } catch (error) {
      if (!isStatusError(error, 'NotFound')) throw error;
    }
  }

  async #write(change: SourceChange, dryRun: boolean): Promise<void> {
    const options = { fieldManager: this.#fieldManager, dryRun };
    const resource = resourceOf(change.kind);
    if (change.type === 'create') await this.#client.create(resource, change.object, options);
    else await this.#client.update(resource, change.object, options);
  }
}

/** Whether the namespace of a new object is one that the same state brings along. */
function isNamespaceToCome(change: SourceChange, all: readonly SourceChange[]): boolean {
  const { namespace } = change.object.metadata;
  return all.some(
    (other) =>
      other.type === 'create' && other.kind.resource === 'namespaces' && other.object.metadata.name === namespace,
  );
}
