/**
 * Says in the status of each quota what is used of it, whenever that changes. It refuses nothing: that is done where
 * objects are made (`src/apiserver/registry/quota.ts`), which counts for itself.
 *
 * Level-driven: each look counts all that is there anew, in copies that others keep; without a quota it does nothing.
 */
import { jsonEqual } from '../../api/json-value.ts';
import { isTerminalPhase } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ResourceQuota } from '../../api/kinds/resource-quota.ts';
import type { ObjectMeta } from '../../api/meta.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { countNames } from '../../api/quota/charge.ts';
import type { NamespaceContent } from '../../api/quota/usage.ts';
import { resourceQuotas } from '../../api/resources.ts';
import type { KindDescription } from '../../api/schema/kind.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { type ProcessResult, WorkQueue } from '../../lib/work-queue.ts';
import { follow, runControlLoop } from '../control-loop.ts';
import { objectKeyOf, queueKey } from '../object-key.ts';
import type { ObjectChange, ObjectSource } from '../object-source.ts';
import { isStaleCopy } from '../stale-copy.ts';
import { computeQuotaStatus } from './compute-status.ts';

/** A resource whose objects quotas count, and a copy of them. */
export interface CountedResource {
  readonly resource: Pick<KindDescription, 'group' | 'resource'>;
  readonly source: ObjectSource<{ readonly metadata: ObjectMeta }>;
}

export interface ResourceQuotaControllerDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly quotas: ObjectSource<ResourceQuota>;
  readonly pods: ObjectSource<Pod>;
  /** Everything else that is counted, quotas themselves included. */
  readonly others: readonly CountedResource[];
}

export class ResourceQuotaController {
  readonly #deps: ResourceQuotaControllerDeps;
  readonly #queue: WorkQueue;

  constructor(deps: ResourceQuotaControllerDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({
      clock: deps.clock,
      log: deps.log.child({ controller: 'resource-quota' }),
      process: (key) => this.#sync(key),
      isPassing: isStaleCopy,
    });
  }

  /** Works until `signal` aborts. The sources are run by the caller. */
  run(signal: AbortSignal): Promise<void> {
    const { quotas, pods, others } = this.#deps;
    const followings = [
      // Also when only its status was written: whoever did so may have written something else than there is.
      follow(quotas, ({ object }) => this.#queue.add(queueKey(object.metadata))),
      follow(pods, (change) => {
        if (mayCountOtherwise(change)) this.#look(change.object.metadata.namespace);
      }),
      ...others.map(({ source }) =>
        follow(source, ({ type, object }) => {
          if (type !== 'modified') this.#look(object.metadata.namespace);
        }),
      ),
    ];
    return runControlLoop(this.#queue, followings, signal);
  }

  #look(namespace: string | undefined): void {
    for (const { metadata } of this.#deps.quotas.list()) {
      if (metadata.namespace === namespace) this.#queue.add(queueKey(metadata));
    }
  }

  async #sync(key: string): Promise<ProcessResult> {
    const quota = this.#deps.quotas.get(objectKeyOf(key));
    if (quota === undefined) return undefined;
    const status = computeQuotaStatus(quota, this.#contentOf(quota.metadata.namespace));
    if (!jsonEqual(status, quota.status)) {
      await this.#deps.client.update(resourceQuotas, { ...quota, status }, { subresource: 'status' });
    }
    return undefined;
  }

  #contentOf(namespace: string | undefined): NamespaceContent {
    const { pods, others } = this.#deps;
    const isInside = ({ metadata }: { readonly metadata: ObjectMeta }): boolean => metadata.namespace === namespace;
    return {
      pods: pods.list().filter(isInside),
      counts: new Map(
        others.flatMap(({ resource, source }) => {
          const count = source.list().filter(isInside).length;
          return countNames(resource).map((name): [string, number] => [name, count]);
        }),
      ),
    };
  }
}

/** Whether the pod is new or gone, has finished, or is wanted otherwise (it may have got a deadline). */
function mayCountOtherwise({ type, object, previous }: ObjectChange<Pod>): boolean {
  return (
    type !== 'modified' ||
    object.metadata.generation !== previous?.metadata.generation ||
    isTerminalPhase(object.status.phase) !== isTerminalPhase(previous?.status.phase)
  );
}
