/** One look at one Deployment: reads what is there, decides, acts, and writes the status. */

import { jsonEqual } from '../../api/json-value.ts';
import type { Deployment } from '../../api/kinds/deployment.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { deployments } from '../../api/resources.ts';
import { type Clock, formatTime } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ProcessResult } from '../../lib/work-queue.ts';
import type { ImagePreparation } from '../image-preparation.ts';
import { isNamespaceEnding } from '../namespace-ending.ts';
import type { ObjectEvents } from '../object-events.ts';
import type { ObjectSource } from '../object-source.ts';
import { Ages } from '../pods/ages.ts';
import type { Room } from '../room.ts';
import { revisionAnnotation, revisionOf } from './annotations.ts';
import { computeScaling, isScalingEvent } from './compute-scaling.ts';
import {
  computeProgress,
  computeStatus,
  countReplicas,
  type DeploymentFacts,
  hasProgressDeadline,
  isComplete,
  withReplicaFailure,
} from './compute-status.ts';
import { type Conditions, findCondition, withCondition, withUpdatedCondition } from './conditions.ts';
import { claimReplicaSets, type OwnedReplicaSets, podsOf } from './owned-replica-sets.ts';
import {
  component,
  createNewReplicaSet,
  deleteOldReplicaSets,
  executeScaleStep,
  updateNewReplicaSet,
} from './replica-set-writer.ts';
import {
  chooseTarget,
  failureOf,
  isProven,
  rollBackMessage,
  rollBackSettings,
  rolledBackCondition,
  withRollBack,
} from './roll-back.ts';
import { RollBackWatch } from './roll-back-watch.ts';
import { computeRollOut } from './roll-out.ts';
import type { ScaleStep } from './scale-step.ts';

export interface DeploymentSyncDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: ObjectEvents;
  readonly images: ImagePreparation;
  readonly room: Room;
  readonly replicaSets: ObjectSource<ReplicaSet>;
  readonly pods: ObjectSource<Pod>;
}

export class DeploymentSync {
  readonly #deps: DeploymentSyncDeps;
  readonly #sinceProgress: Ages;
  readonly #rollBacks: RollBackWatch;

  constructor(deps: DeploymentSyncDeps) {
    this.#deps = deps;
    this.#sinceProgress = new Ages(deps.clock);
    this.#rollBacks = new RollBackWatch(deps);
  }

  /** Forgets a Deployment that is gone. */
  forget(uid: string): void {
    this.#sinceProgress.forget(uid);
    this.#rollBacks.forget(uid);
  }

  async run(deployment: Deployment): Promise<ProcessResult> {
    const owned = await claimReplicaSets(this.#deps, deployment);
    const conditions = this.#withPause(deployment);
    if (deployment.metadata.deletionTimestamp !== undefined) {
      await this.#writeStatus(deployment, this.#facts(owned), deployment.status.conditions ?? []);
      return undefined;
    }
    const all = [...owned.old, ...(owned.newest ? [owned.newest] : [])];
    const isHeld = deployment.spec.paused === true || isScalingEvent(deployment, all);
    return isHeld ? this.#scale(deployment, owned, conditions) : this.#rollOut(deployment, owned, conditions);
  }

  /** Only the number of replicas counts: the update is paused, or the number has just changed. */
  async #scale(deployment: Deployment, owned: OwnedReplicaSets, conditions: Conditions): Promise<ProcessResult> {
    const newest = owned.newest && (await updateNewReplicaSet(this.#deps, deployment, owned.newest, owned.old));
    const current = newest === undefined ? deployment : await this.#withRevision(deployment, newest);
    const choice = newest && chooseTarget(current, newest, owned.old);
    const steps = computeScaling(current, choice?.target, choice?.others ?? owned.old);
    const after = await this.#execute(current, { newest, old: owned.old }, steps);
    if (current.spec.paused === true) await this.#clearAway(current, after);
    await this.#writeStatus(current, this.#facts(after), conditions);
    return undefined;
  }

  async #rollOut(deployment: Deployment, owned: OwnedReplicaSets, paused: Conditions): Promise<ProcessResult> {
    const pods = podsOf(this.#deps.pods, [...owned.old, ...(owned.newest ? [owned.newest] : [])]);
    const newest =
      owned.newest === undefined
        ? await this.#create(deployment, owned, pods, paused)
        : await updateNewReplicaSet(this.#deps, deployment, owned.newest, owned.old);
    if (newest === undefined) return undefined;
    const current = await this.#withRevision(deployment, newest);
    const conditions = this.#withSubject(current, newest, paused, owned);

    const target = chooseTarget(current, newest, owned.old);
    const lookAtImages = () => this.#deps.images.look(target.target);
    const { room } = this.#deps;
    const { steps, waitsForImages } = computeRollOut({ deployment: current, target, pods, lookAtImages, room });
    const after = await this.#execute(current, { newest, old: owned.old }, steps);

    const facts = this.#facts(after);
    const stamp = findCondition(conditions, 'Progressing')?.lastUpdateTime;
    const sinceMs = stamp === undefined ? 0 : this.#sinceProgress.ageMs(uidOf(current), stamp, 'none');
    const progress = computeProgress(current, facts, conditions, sinceMs);
    const isDone = isComplete(current, countReplicas(facts));
    const rollBack = await this.#rollBacks.look({
      deployment: current,
      newest: after.newest ?? newest,
      old: after.old,
      pods,
      isComplete: isDone,
      isLate: progress.isLate,
      waitsForImages,
    });
    const withState = withRollBack(progress.conditions, newest, rollBack.state, facts.now);
    this.#tellRollBack(current, newest, conditions, rollBack.state);
    if (isDone) await this.#clearAway(current, { newest, old: after.old });
    await this.#writeStatus(current, facts, withReplicaFailure(withState, facts));
    const waits = [progress.leftMs, rollBack.againAfterMs].filter((wait) => wait !== undefined);
    return waits.length > 0 ? { againAfterMs: Math.min(...waits) } : undefined;
  }

  /** The ReplicaSet of a new template; undefined when its name was taken, which is counted in the status. */
  async #create(
    deployment: Deployment,
    { old }: OwnedReplicaSets,
    pods: readonly Pod[],
    conditions: Conditions,
  ): Promise<ReplicaSet | undefined> {
    const draft = { metadata: {}, spec: { replicas: 0 }, status: { replicas: 0 } } as ReplicaSet;
    const lookAtImages = () => ({ kind: 'Waiting', message: '' }) as const;
    const target = { target: draft, others: old };
    const { steps } = computeRollOut({ deployment, target, pods, lookAtImages, room: this.#deps.room });
    const replicas = steps.find(({ replicaSet }) => replicaSet === draft)?.replicas ?? 0;
    try {
      const created = await createNewReplicaSet(this.#deps, deployment, old, replicas);
      if (created.kind === 'Created') return created.replicaSet;
      const collisionCount = (deployment.status.collisionCount ?? 0) + 1;
      const status = { ...deployment.status, collisionCount };
      await this.#deps.client.update(deployments, { ...deployment, status }, { subresource: 'status' });
      return undefined;
    } catch (error) {
      if (isNamespaceEnding(error)) return undefined;
      const reason = 'ReplicaSetCreateError';
      const message = `Failed to create new replica set for "${deployment.metadata.name}": ${error instanceof Error ? error.message : error}`;
      this.#deps.events.recordFor(deployment, { type: 'Warning', reason, message, component });
      const condition = { type: 'Progressing', status: 'False', reason, message };
      const now = formatTime(this.#deps.clock.now());
      if (hasProgressDeadline(deployment)) {
        await this.#writeStatus(
          deployment,
          this.#facts({ newest: undefined, old }),
          withCondition(conditions, condition, now),
        );
      }
      throw error;
    }
  }

  /** Deletes old ReplicaSets, but none to which an update that is not trusted yet may return. */
  async #clearAway(deployment: Deployment, { newest, old }: OwnedReplicaSets): Promise<void> {
    const mayReturn = rollBackSettings(deployment) !== undefined && !(newest && isProven(newest));
    if (!mayReturn) await deleteOldReplicaSets(this.#deps, deployment, old);
  }

  /** The Deployment says which of its revisions is wanted. Beside the status, as it is nothing that anybody asks for. */
  async #withRevision(deployment: Deployment, newest: ReplicaSet): Promise<Deployment> {
    const revision = String(revisionOf(newest));
    const { annotations = {} } = deployment.metadata;
    if (annotations[revisionAnnotation] === revision) return deployment;
    const metadata = { ...deployment.metadata, annotations: { ...annotations, [revisionAnnotation]: revision } };
    return this.#deps.client.update<Deployment>(deployments, { ...deployment, metadata }, { subresource: 'status' });
  }

  /** Takes the steps one after the other; a step that changes nothing writes nothing. */
  async #execute(
    deployment: Deployment,
    { newest, old }: OwnedReplicaSets,
    steps: readonly ScaleStep[],
  ): Promise<OwnedReplicaSets> {
    const scaled = new Map<ReplicaSet, ReplicaSet>();
    for (const step of steps) scaled.set(step.replicaSet, await executeScaleStep(this.#deps, deployment, step));
    const afterStep = (replicaSet: ReplicaSet): ReplicaSet => scaled.get(replicaSet) ?? replicaSet;
    return { newest: newest && afterStep(newest), old: old.map(afterStep) };
  }

  #withPause({ spec, status, ...deployment }: Deployment): Conditions {
    const conditions = status.conditions ?? [];
    if (!hasProgressDeadline({ spec, status, ...deployment })) return conditions;
    const current = findCondition(conditions, 'Progressing');
    const isPaused = spec.paused === true;
    const wasPaused = current?.reason === 'DeploymentPaused';
    if (current?.reason === 'ProgressDeadlineExceeded' || isPaused === wasPaused) return conditions;
    const [reason, message] = isPaused
      ? ['DeploymentPaused', 'Deployment is paused']
      : ['DeploymentResumed', 'Deployment is resumed'];
    const condition = { type: 'Progressing', status: 'Unknown', reason, message };
    return withCondition(conditions, condition, formatTime(this.#deps.clock.now()));
  }

  /** Progressing is about the newest ReplicaSet: what it says of another one is over. */
  #withSubject(
    deployment: Deployment,
    newest: ReplicaSet,
    conditions: Conditions,
    owned: OwnedReplicaSets,
  ): Conditions {
    if (!hasProgressDeadline(deployment)) return conditions;
    const { name } = newest.metadata;
    const type = 'Progressing';
    const now = formatTime(this.#deps.clock.now());
    if (owned.newest === undefined) {
      const message = `Created new replica set "${name}"`;
      return withUpdatedCondition(conditions, { type, status: 'True', reason: 'NewReplicaSetCreated', message }, now);
    }
    const current = findCondition(conditions, type);
    const isFinal = ['NewReplicaSetAvailable', 'ProgressDeadlineExceeded'].includes(current?.reason ?? '');
    // Somebody took the mark away: it is tried anew.
    const isRetry =
      findCondition(conditions, rolledBackCondition)?.status === 'True' && failureOf(newest) === undefined;
    const isAboutAnother = isFinal && !current?.message?.startsWith(`ReplicaSet "${name}" `);
    // Complete once, for no pods or before this process, and not now: without a deadline it would never fail.
    const isLostInBake =
      current?.reason === 'NewReplicaSetAvailable' &&
      !isComplete(deployment, countReplicas(this.#facts(owned))) &&
      this.#rollBacks.isUnwatched(deployment, newest, owned.old);
    if (current !== undefined && !isAboutAnother && !isRetry && !isLostInBake) return conditions;
    const message = `Found new replica set "${name}"`;
    return withUpdatedCondition(conditions, { type, status: 'True', reason: 'FoundNewReplicaSet', message }, now);
  }

  /** The event goes with the condition: again after a power cut, which takes both. */
  #tellRollBack(
    deployment: Deployment,
    newest: ReplicaSet,
    before: Conditions,
    state: Awaited<ReturnType<RollBackWatch['look']>>['state'],
  ): void {
    if (state.phase !== 'RolledBack') return;
    const message = rollBackMessage(newest, state.to, state.failure);
    const told = findCondition(before, rolledBackCondition);
    if (told?.status === 'True' && told.message === message) return;
    this.#deps.events.recordFor(deployment, { type: 'Warning', reason: 'RolledBack', message, component });
    this.#deps.log.warn('deployment rolled back', { deployment: deployment.metadata.name, message });
  }

  #facts({ newest, old }: OwnedReplicaSets): DeploymentFacts {
    return { newReplicaSet: newest, oldReplicaSets: old, now: formatTime(this.#deps.clock.now()) };
  }

  async #writeStatus(deployment: Deployment, facts: DeploymentFacts, conditions: Conditions): Promise<void> {
    const status = computeStatus(deployment, facts, conditions);
    if (jsonEqual(status, deployment.status)) return;
    await this.#deps.client.update(deployments, { ...deployment, status }, { subresource: 'status' });
  }
}

function uidOf({ metadata }: Deployment): string {
  return metadata.uid ?? '';
}
