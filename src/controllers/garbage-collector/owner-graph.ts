/**
 * Who belongs to whom, as far as the garbage collector must know: objects that have owners, and owners that are
 * being deleted and wait for what belongs to them. Objects that nobody owns are not kept.
 *
 * Keeps for each object its name, its owners and two flags: some 300 bytes.
 */
import type { ObjectMeta, OwnerReference } from '../../api/meta.ts';

/** Waits with the end of an owner until everything that belongs to it and blocks it is gone. */
export const foregroundFinalizer = 'foregroundDeletion';
/** Waits with the end of an owner until nothing belongs to it any more. */
export const orphanFinalizer = 'orphan';

export interface GraphNode {
  readonly uid: string;
  /** Which of the collector's sources it comes from. */
  readonly source: number;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly owners: readonly OwnerReference[];
  /** It is being deleted and waits for its dependents. */
  readonly waitsForDependents: boolean;
  /** It is being deleted and waits for being left by them. */
  readonly waitsForOrphaning: boolean;
}

export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** What names this uid as an owner. */
  dependentsOf(uid: string): readonly GraphNode[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((dependent) => this.#nodes.get(dependent) ?? []);
  }

  /** Takes note of an object as it is now. @returns the node; undefined when there is nothing to know of it */
  put(source: number, metadata: ObjectMeta): GraphNode | undefined {
    const {
      uid = '',
      name = '',
      namespace,
      ownerReferences: owners = [],
      finalizers = [],
      deletionTimestamp,
    } = metadata;
    this.remove(uid);
    const isEnding = deletionTimestamp !== undefined;
    const waitsForDependents = isEnding && finalizers.includes(foregroundFinalizer);
    const waitsForOrphaning = isEnding && finalizers.includes(orphanFinalizer);
    if (owners.length === 0 && !waitsForDependents && !waitsForOrphaning) return undefined;
    const node = { uid, source, namespace, name, owners, waitsForDependents, waitsForOrphaning };
    this.#nodes.set(uid, node);
    for (const owner of owners) {
      const dependents = this.#dependents.get(owner.uid) ?? new Set();
      this.#dependents.set(owner.uid, dependents.add(uid));
    }
    return node;
  }

  remove(uid: string): void {
    for (const owner of this.#nodes.get(uid)?.owners ?? []) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
    this.#nodes.delete(uid);
  }
}
