/**
 * Deletes what has lost its owners, and ends owners that wait for what belongs to them
 * (`metadata.ownerReferences`; Kubernetes' garbage collector).
 *
 * Event driven: it follows every kind, keeps a small graph of who belongs to whom (`owner-graph.ts`), and looks at
 * an object when one of its owners goes, is being deleted in the foreground, or is not known. Before anything is
 * deleted, the server itself is asked: a copy may be old.
 */
import type { KubeObject, ObjectMeta, OwnerReference } from '../../api/meta.ts';
import type { GroupVersionResource, ObjectClient, ObjectKey } from '../../api/object-client.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { type ProcessResult, WorkQueue } from '../../lib/work-queue.ts';
import { follow, runControlLoop } from '../control-loop.ts';
import type { ObjectSource } from '../object-source.ts';
import { isStaleCopy } from '../stale-copy.ts';
import { computeFate, moreAlive, type OwnerState } from './compute-fate.ts';
import { EndedOwners } from './ended-owners.ts';
import { foregroundFinalizer, type GraphNode, OwnerGraph, orphanFinalizer } from './owner-graph.ts';

/** A kind whose objects may own others or belong to others. */
export interface CollectedKind {
  readonly resource: GroupVersionResource;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Its objects are not there after the next boot, though nobody deleted them (`ended-owners.ts`). */
  readonly endsWithBoot: boolean;
  readonly source: ObjectSource<{ readonly metadata: ObjectMeta }>;
}

export interface GarbageCollectorDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly kinds: readonly CollectedKind[];
}

export class GarbageCollector {
  readonly #deps: GarbageCollectorDeps;
  readonly #graph = new OwnerGraph();
  readonly #ended = new EndedOwners();
  /** Of uids. */
  readonly #queue: WorkQueue;

  constructor(deps: GarbageCollectorDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({
      clock: deps.clock,
      log: deps.log.child({ controller: 'garbage-collector' }),
      process: (uid) => this.#process(uid),
      isPassing: isStaleCopy,
      parallelism: 4,
    });
  }

  /** Works until `signal` aborts. The sources are run by the caller. */
  run(signal: AbortSignal): Promise<void> {
    const followings = this.#deps.kinds.map((kind, index) =>
      follow(kind.source, ({ type, object }) =>
        type === 'deleted' ? this.#onGone(kind, object.metadata) : this.#onThere(index, object.metadata),
      ),
    );
    return runControlLoop(this.#queue, followings, signal);
  }

  #onThere(source: number, metadata: ObjectMeta): void {
    const uid = metadata.uid ?? '';
    const before = this.#graph.get(uid)?.owners ?? [];
    const node = this.#graph.put(source, metadata);
    // One that left its owner, or no longer blocks it, may be the last that the owner waited for.
    this.#wakeWaiting([...before, ...(node?.owners ?? [])]);
    if (node === undefined) return;
    if (node.waitsForDependents || node.waitsForOrphaning) {
      this.#queue.add(uid);
      for (const dependent of this.#graph.dependentsOf(uid)) this.#queue.add(dependent.uid);
    }
    const isSettled = node.owners.every((owner) => this.#stateInCopy(node, owner) === 'Living');
    if (!isSettled && metadata.deletionTimestamp === undefined) this.#queue.add(uid);
  }

  #onGone({ endsWithBoot }: CollectedKind, { uid = '' }: ObjectMeta): void {
    if (endsWithBoot) this.#ended.add(uid);
    const owners = this.#graph.get(uid)?.owners ?? [];
    this.#graph.remove(uid);
    this.#queue.forget(uid);
    for (const dependent of this.#graph.dependentsOf(uid)) this.#queue.add(dependent.uid);
    this.#wakeWaiting(owners);
  }

  #wakeWaiting(owners: readonly OwnerReference[]): void {
    for (const owner of owners) if (this.#graph.get(owner.uid)?.waitsForDependents) this.#queue.add(owner.uid);
  }

  async #process(uid: string): Promise<ProcessResult> {
    const node = this.#graph.get(uid);
    const kind = node && this.#deps.kinds[node.source];
    if (node === undefined || kind === undefined) return undefined;
    try {
      const object = await this.#deps.client.get<KubeObject>(kind.resource, keyOf(node));
      if (object.metadata.uid !== uid) return undefined;
      if (object.metadata.deletionTimestamp !== undefined) await this.#finish(node, kind, object);
      else await this.#decide(node, kind, object);
    } catch (error) {
      // Gone: there is nothing to decide any more.
      if (!isStatusError(error, 'NotFound')) throw error;
    }
    return undefined;
  }

  /** Ends an owner that waits, when it need not wait any more. */
  async #finish(node: GraphNode, kind: CollectedKind, object: KubeObject): Promise<void> {
    const { finalizers = [] } = object.metadata;
    const dependents = this.#graph.dependentsOf(node.uid);
    if (finalizers.includes(orphanFinalizer)) {
      for (const dependent of dependents) await this.#removeOwners(dependent, [node.uid]);
      return this.#removeFinalizer(kind, object, orphanFinalizer);
    }
    if (!finalizers.includes(foregroundFinalizer)) return;
    const blocking = dependents.filter(({ owners }) =>
      owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion === true),
    );
    if (blocking.length === 0) return this.#removeFinalizer(kind, object, foregroundFinalizer);
    for (const dependent of blocking) if (!dependent.waitsForDependents) this.#queue.add(dependent.uid);
  }

  async #decide(node: GraphNode, kind: CollectedKind, object: KubeObject): Promise<void> {
    const { ownerReferences = [], finalizers = [], resourceVersion } = object.metadata;
    const owners = await this.#statesOf(node, ownerReferences);
    const dependents = this.#graph.dependentsOf(node.uid);
    const fate = computeFate({
      owners,
      finalizers,
      hasDependents: dependents.length > 0,
      hasWaitingDependents: dependents.some(({ waitsForDependents }) => waitsForDependents),
    });
    switch (fate.kind) {
      case 'Stay':
        return;
      case 'Leave':
        return this.#removeOwners(node, fate.uids);
      case 'Delete': {
        if (fate.unblock) await this.#unblock(node, kind, ownerReferences);
        const version = fate.unblock || resourceVersion === undefined ? {} : { resourceVersion };
        await this.#deps.client.delete(kind.resource, keyOf(node), {
          propagationPolicy: fate.propagation,
          preconditions: { uid: node.uid, ...version },
        });
        this.#deps.log.debug('garbage collected', { resource: kind.resource.resource, name: node.name });
      }
    }
  }

  /** By uid. One that two references name in different words is as alive as the better of them says. */
  async #statesOf(node: GraphNode, owners: readonly OwnerReference[]): Promise<ReadonlyMap<string, OwnerState>> {
    const states = new Map<string, OwnerState>();
    for (const owner of owners) {
      states.set(owner.uid, moreAlive(await this.#stateOf(node, owner), states.get(owner.uid) ?? 'Gone'));
    }
    return states;
  }

  /** As the copies know it; undefined when they do not know the owner, which may be too new for them. */
  #stateInCopy(node: GraphNode, owner: OwnerReference): OwnerState | undefined {
    const kind = this.#kindOf(owner);
    if (kind === undefined || !isReachable(node, kind)) return 'Living';
    const metadata = kind.source.get(ownerKey(node, kind, owner))?.metadata;
    return metadata?.uid === owner.uid ? stateOf(metadata) : undefined;
  }

  /** Absence is believed only of the server. */
  async #stateOf(node: GraphNode, owner: OwnerReference): Promise<OwnerState> {
    const known = this.#stateInCopy(node, owner);
    const kind = this.#kindOf(owner);
    if (known !== undefined || kind === undefined) return known ?? 'Living';
    if (kind.endsWithBoot && !this.#ended.has(owner.uid)) return 'Living';
    try {
      const found = await this.#deps.client.get<KubeObject>(kind.resource, ownerKey(node, kind, owner));
      return found.metadata.uid === owner.uid ? stateOf(found.metadata) : 'Gone';
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return 'Gone';
      throw error;
    }
  }

  /** Undefined for kinds that are not served: nobody can say whether such an owner lives. */
  #kindOf({ apiVersion, kind }: OwnerReference): CollectedKind | undefined {
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
    return this.#deps.kinds.find((each) => each.kind === kind && each.resource.group === group);
  }

  async #removeOwners(node: GraphNode, uids: readonly string[]): Promise<void> {
    const kind = this.#deps.kinds[node.source];
    if (kind === undefined) return;
    const ownerReferences = uids.map((uid) => ({ $patch: 'delete', uid }));
    await this.#patch(kind, node, ownerReferences);
  }

  async #unblock(node: GraphNode, kind: CollectedKind, owners: readonly OwnerReference[]): Promise<void> {
    const uids = new Set(owners.map(({ uid }) => uid));
    await this.#patch(
      kind,
      node,
      [...uids].map((uid) => ({ uid, blockOwnerDeletion: false })),
    );
  }

  async #patch(kind: CollectedKind, node: GraphNode, ownerReferences: readonly unknown[]): Promise<void> {
    const patch = { metadata: { uid: node.uid, ownerReferences } };
    try {
      await this.#deps.client.patch(kind.resource, keyOf(node), 'strategic', patch);
    } catch (error) {
      if (!isStatusError(error, 'NotFound', 'Conflict')) throw error;
    }
  }

  async #removeFinalizer(kind: CollectedKind, object: KubeObject, finalizer: string): Promise<void> {
    const { finalizers = [], uid, resourceVersion } = object.metadata;
    const metadata = { uid, resourceVersion, finalizers: finalizers.filter((each) => each !== finalizer) };
    const { name = '', namespace } = object.metadata;
    const key = { name, ...(namespace ? { namespace } : {}) };
    await this.#deps.client.patch(kind.resource, key, 'merge', { metadata });
  }
}

function stateOf({ deletionTimestamp, finalizers = [] }: ObjectMeta): OwnerState {
  return deletionTimestamp !== undefined && finalizers.includes(foregroundFinalizer) ? 'Waiting' : 'Living';
}

/** What has no namespace cannot be owned by something in one. */
function isReachable(node: GraphNode, owner: CollectedKind): boolean {
  return !owner.namespaced || node.namespace !== undefined;
}

function keyOf({ namespace, name }: GraphNode): ObjectKey {
  return namespace === undefined ? { name } : { namespace, name };
}

/** An owner in a namespace is looked for in that of its dependent, and nowhere else. */
function ownerKey(node: GraphNode, kind: CollectedKind, { name }: OwnerReference): ObjectKey {
  return kind.namespaced ? { namespace: node.namespace ?? '', name } : { name };
}
