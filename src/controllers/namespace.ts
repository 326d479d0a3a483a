/**
 * Ends namespaces: what is in a namespace that is being deleted goes, then the namespace itself.
 *
 * Level-driven: each look asks for the deletion of all that is there, says in the status what is left, and only
 * when nothing is left takes the finalizer `kubernetes` away, upon which the API server removes the object.
 */
import { type Namespace, namespaceFinalizer } from '../api/kinds/namespace.ts';
import type { ObjectMeta } from '../api/meta.ts';
import type { GroupVersionResource, ObjectClient } from '../api/object-client.ts';
import { namespaces } from '../api/resources.ts';
import { type Clock, formatTime } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { isStatusError } from '../lib/status-error.ts';
import { type ProcessResult, WorkQueue } from '../lib/work-queue.ts';
import { follow, runControlLoop } from './control-loop.ts';
import { emptyNamespace } from './empty-namespace.ts';
import { computeNamespaceConditions, type NamespaceContent } from './namespace-conditions.ts';
import type { ObjectChange, ObjectSource } from './object-source.ts';

/** Milliseconds until a namespace with content left is looked at again, when no change of its pods says so earlier. */
const againAfterMs = 1_000;

export interface NamespaceControllerDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly namespaces: ObjectSource<Namespace>;
  /** Pods, whose end is what a namespace waits for longest; without it the namespace is looked at every second. */
  readonly pods?: ObjectSource<{ readonly metadata: ObjectMeta }>;
  /** Every namespaced resource that can be listed and deleted. */
  readonly resources: readonly GroupVersionResource[];
}

export class NamespaceController {
  readonly #deps: NamespaceControllerDeps;
  readonly #queue: WorkQueue;

  constructor(deps: NamespaceControllerDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({
      clock: deps.clock,
      log: deps.log.child({ controller: 'namespace' }),
      process: (name, signal) => this.#finalize(name, signal),
      parallelism: 2,
    });
  }

  /** Works until `signal` aborts. The sources are run by the caller. */
  run(signal: AbortSignal): Promise<void> {
    const { namespaces: source, pods } = this.#deps;
    const enqueue = (namespace: Namespace | undefined): void => {
      if (namespace !== undefined && isTerminating(namespace)) this.#queue.add(namespace.metadata.name ?? '');
    };
    const followings = [follow(source, ({ type, object }) => enqueue(type === 'deleted' ? undefined : object))];
    if (pods !== undefined) {
      const onPod = ({ type, object }: ObjectChange<{ readonly metadata: ObjectMeta }>): void => {
        if (type === 'deleted') enqueue(source.get({ name: object.metadata.namespace ?? '' }));
      };
      followings.push(follow(pods, onPod));
    }
    return runControlLoop(this.#queue, followings, signal);
  }

  async #finalize(name: string, signal: AbortSignal): Promise<ProcessResult> {
    const { client, resources, log } = this.#deps;
    const namespace = await this.#read(name, signal);
    if (namespace === undefined || !isTerminating(namespace)) return undefined;
    if (!(namespace.spec?.finalizers ?? []).includes(namespaceFinalizer)) return undefined;

    const content = await emptyNamespace(client, resources, name, signal);
    const marked = await this.#updateStatus(namespace, content);
    // The status says what; the queue's back-off says when.
    if (content.failures.length > 0) throw new Error(`namespace ${name} not emptied: ${content.failures.join(', ')}`);
    if (content.remaining.size > 0) return { againAfterMs };

    const finalizers = (marked.spec?.finalizers ?? []).filter((finalizer) => finalizer !== namespaceFinalizer);
    await client.update(namespaces, { ...marked, spec: { ...marked.spec, finalizers } }, { subresource: 'finalize' });
    log.info('namespace emptied', { namespace: name });
    return undefined;
  }

  async #updateStatus(namespace: Namespace, content: NamespaceContent): Promise<Namespace> {
    const time = formatTime(this.#deps.clock.now());
    const conditions = computeNamespaceConditions(namespace.status?.conditions ?? [], content, time);
    const status = { ...namespace.status, phase: 'Terminating', conditions };
    return this.#deps.client.update(namespaces, { ...namespace, status }, { subresource: 'status' });
  }

  /** The server's own word, not the copy's: what is deleted must be current. */
  async #read(name: string, signal: AbortSignal): Promise<Namespace | undefined> {
    try {
      return await this.#deps.client.get<Namespace>(namespaces, { name }, signal);
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

function isTerminating(object: { readonly metadata: ObjectMeta }): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}
