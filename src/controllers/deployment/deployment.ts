/**
 * Brings the pods of each Deployment from one template to the next: makes a ReplicaSet for each template, scales
 * them step by step as the strategy allows, keeps a history of revisions, and says in the status how far it is.
 *
 * Level-driven: each look decides from what is there, takes the steps it can and ends; the changes that it made
 * bring the next look. Only the bake time and the progress deadline are remembered in between.
 */
import type { Deployment } from '../../api/kinds/deployment.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import { labelSelectorFromObject, matchesLabels } from '../../api/labels.ts';
import type { ObjectMeta } from '../../api/meta.ts';
import { type ProcessResult, WorkQueue } from '../../lib/work-queue.ts';
import { follow, runControlLoop } from '../control-loop.ts';
import { objectKeyOf, queueKey } from '../object-key.ts';
import type { ObjectChange, ObjectSource } from '../object-source.ts';
import { controllerOf } from '../ownership/owner.ts';
import { isStaleCopy } from '../stale-copy.ts';
import { DeploymentSync, type DeploymentSyncDeps } from './sync-deployment.ts';

export interface DeploymentControllerDeps extends DeploymentSyncDeps {
  readonly deployments: ObjectSource<Deployment>;
}

export class DeploymentController {
  readonly #deps: DeploymentControllerDeps;
  readonly #queue: WorkQueue;
  /** Made for the first Deployment: most devices have none. */
  #sync: DeploymentSync | undefined;
  /** Uids by queue key, to forget what is remembered of one that is gone. */
  readonly #uids = new Map<string, string>();

  constructor(deps: DeploymentControllerDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({
      clock: deps.clock,
      log: deps.log.child({ controller: 'deployment' }),
      process: (key) => this.#look(key),
      isPassing: isStaleCopy,
    });
  }

  /** Works until `signal` aborts. The sources are run by the caller. */
  run(signal: AbortSignal): Promise<void> {
    const { deployments, replicaSets, pods, images } = this.#deps;
    const followings = [
      follow(deployments, ({ object }) => this.#queue.add(queueKey(object.metadata))),
      follow(replicaSets, (change) => this.#onReplicaSet(change)),
      follow(pods, ({ object }) => this.#onPod(object)),
      { start: () => images.onChange((replicaSet) => this.#addOwner(replicaSet)) },
    ];
    return runControlLoop(this.#queue, followings, signal);
  }

  #onReplicaSet({ type, object, previous }: ObjectChange<ReplicaSet>): void {
    if (type === 'deleted') this.#deps.images.forget(object.metadata.uid ?? '');
    if (previous !== undefined && type !== 'deleted') this.#addOwner(previous);
    if (!this.#addOwner(object) && type !== 'deleted') this.#addWhoSelects(object);
  }

  async #look(key: string): Promise<ProcessResult> {
    const deployment = this.#deps.deployments.get(objectKeyOf(key));
    const uid = deployment?.metadata.uid;
    const before = this.#uids.get(key);
    if (before !== undefined && before !== uid) {
      this.#sync?.forget(before);
      this.#uids.delete(key);
    }
    if (deployment === undefined || uid === undefined) return undefined;
    this.#uids.set(key, uid);
    this.#sync ??= new DeploymentSync(this.#deps);
    return this.#sync.run(deployment);
  }

  /** Queues the Deployment that controls the ReplicaSet. @returns whether there is one */
  #addOwner(replicaSet: { readonly metadata: ObjectMeta }): boolean {
    const controller = controllerOf(replicaSet);
    if (controller === undefined) return false;
    const key = { namespace: replicaSet.metadata.namespace ?? '', name: controller.name };
    const isOwner = this.#deps.deployments.get(key)?.metadata.uid === controller.uid;
    if (controller.kind === 'Deployment' && isOwner) this.#queue.add(queueKey(key));
    return true;
  }

  /** Nobody's: whoever selects it may want it. */
  #addWhoSelects({ metadata: { namespace, labels } }: ReplicaSet): void {
    for (const { metadata, spec } of this.#deps.deployments.list()) {
      const isSelected =
        metadata.namespace === namespace && matchesLabels(labelSelectorFromObject(spec.selector), labels);
      if (isSelected) this.#queue.add(queueKey(metadata));
    }
  }

  #onPod(pod: Pod): void {
    const controller = controllerOf(pod);
    if (controller?.kind !== 'ReplicaSet') return;
    const replicaSet = this.#deps.replicaSets.get({ namespace: pod.metadata.namespace ?? '', name: controller.name });
    if (replicaSet?.metadata.uid === controller.uid) this.#addOwner(replicaSet);
  }
}
