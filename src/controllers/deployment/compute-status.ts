/** The status of a Deployment, from its ReplicaSets (Kubernetes' calculateStatus and syncRolloutStatus). Pure. */
import type { Deployment, DeploymentStatus } from '../../api/kinds/deployment.ts';
import { rollingUpdateLimits } from '../../api/kinds/deployment-strategy.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import { withoutZeros } from '../without-zeros.ts';
import {
  type Conditions,
  findCondition,
  type NewCondition,
  withCondition,
  withoutCondition,
  withUpdatedCondition,
} from './conditions.ts';
import { wantedReplicas } from './scale-step.ts';

/** Counts of a status, none of them missing. */
export interface ReplicaCounts {
  readonly replicas: number;
  readonly updatedReplicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  readonly unavailableReplicas: number;
}

export interface DeploymentFacts {
  /** The ReplicaSet of the template as it is; undefined when there is none yet. */
  readonly newReplicaSet: ReplicaSet | undefined;
  readonly oldReplicaSets: readonly ReplicaSet[];
  /** RFC 3339, for conditions that change. */
  readonly now: string;
}

/** A deadline of this many seconds means none, as in Kubernetes. */
const noDeadline = 2_147_483_647;

export function hasProgressDeadline({ spec }: Deployment): boolean {
  return spec.progressDeadlineSeconds !== noDeadline;
}

export function countReplicas({ newReplicaSet, oldReplicaSets }: DeploymentFacts): ReplicaCounts {
  const all = [...oldReplicaSets, ...(newReplicaSet ? [newReplicaSet] : [])];
  const sum = (read: (status: ReplicaSet['status']) => number | undefined): number =>
    all.reduce((total, { status }) => total + (read(status) ?? 0), 0);
  const availableReplicas = sum((status) => status.availableReplicas);
  return {
    replicas: sum((status) => status.replicas),
    updatedReplicas: newReplicaSet?.status.replicas ?? 0,
    readyReplicas: sum((status) => status.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, wantedReplicas(all) - availableReplicas),
  };
}

/** The status with its counts and the condition Available; other conditions are handed in. */
export function computeStatus(
  deployment: Deployment,
  facts: DeploymentFacts,
  conditions: Conditions,
): DeploymentStatus {
  const { collisionCount } = deployment.status;
  const counts = countReplicas(facts);
  const terminating = [...facts.oldReplicaSets, ...(facts.newReplicaSet ? [facts.newReplicaSet] : [])].reduce(
    (sum, { status }) => sum + (status.terminatingReplicas ?? 0),
    0,
  );
  const all = withCondition(conditions, availableCondition(deployment, counts.availableReplicas), facts.now);
  return {
    ...withoutZeros({ ...counts, observedGeneration: deployment.metadata.generation ?? 0 }),
    terminatingReplicas: terminating,
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(all.length > 0 ? { conditions: all } : {}),
  };
}

function availableCondition({ spec }: Deployment, available: number): NewCondition {
  const { maxUnavailable } = rollingUpdateLimits(spec.strategy, spec.replicas);
  return available >= spec.replicas - Math.min(maxUnavailable, spec.replicas)
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
}

/** Whether all pods that are wanted are there, of the newest template, available, and no others. */
export function isComplete({ spec }: Deployment, counts: ReplicaCounts): boolean {
  return (
    counts.updatedReplicas === spec.replicas &&
    counts.replicas === spec.replicas &&
    counts.availableReplicas === spec.replicas
  );
}

export interface Progress {
  readonly conditions: Conditions;
  /** The deadline has passed without progress. */
  readonly isLate: boolean;
  /** Milliseconds until it passes; undefined when none is running. */
  readonly leftMs?: number;
}

/**
 * The condition Progressing after this look.
 *
 * @param sinceProgressMs milliseconds since the condition was last updated; its own time is wall-clock time, by
 *   which nothing may be decided
 */
export function computeProgress(
  deployment: Deployment,
  facts: DeploymentFacts,
  before: Conditions,
  sinceProgressMs: number,
): Progress {
  if (!hasProgressDeadline(deployment)) {
    return { conditions: withoutCondition(before, 'Progressing'), isLate: false };
  }
  const { newReplicaSet, now } = facts;
  const counts = countReplicas(facts);
  const current = findCondition(before, 'Progressing');
  const wasComplete = counts.replicas === counts.updatedReplicas && current?.reason === 'NewReplicaSetAvailable';
  if (wasComplete) return { conditions: before, isLate: false };
  const name = newReplicaSet?.metadata.name;
  const subject = name === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${name}"`;
  const type = 'Progressing';
  const deadlineMs = deployment.spec.progressDeadlineSeconds * 1000;
  if (isComplete(deployment, counts)) {
    const message = `${subject} has successfully progressed.`;
    const condition = { type, status: 'True', reason: 'NewReplicaSetAvailable', message };
    return { conditions: withCondition(before, condition, now), isLate: false };
  }
  if (hasProgressed(deployment.status, counts)) {
    const condition = { type, status: 'True', reason: 'ReplicaSetUpdated', message: `${subject} is progressing.` };
    return { conditions: withUpdatedCondition(before, condition, now), isLate: false, leftMs: deadlineMs };
  }
  if (current === undefined || current.reason === 'NewReplicaSetAvailable')
    return { conditions: before, isLate: false };
  const isLate = current.reason === 'ProgressDeadlineExceeded' || sinceProgressMs >= deadlineMs;
  if (!isLate) return { conditions: before, isLate, leftMs: deadlineMs - sinceProgressMs };
  const message = `${subject} has timed out progressing.`;
  const condition = { type, status: 'False', reason: 'ProgressDeadlineExceeded', message };
  return { conditions: withCondition(before, condition, now), isLate };
}

/** More new pods, fewer old ones, or more that work. */
function hasProgressed(before: DeploymentStatus, now: ReplicaCounts): boolean {
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = before;
  return (
    now.updatedReplicas > updatedReplicas ||
    now.replicas - now.updatedReplicas < replicas - updatedReplicas ||
    now.readyReplicas > readyReplicas ||
    now.availableReplicas > availableReplicas
  );
}

/** The condition ReplicaFailure, taken over from a ReplicaSet; of the newest if it has one. */
export function withReplicaFailure(conditions: Conditions, facts: DeploymentFacts): Conditions {
  const sets = [...(facts.newReplicaSet ? [facts.newReplicaSet] : []), ...facts.oldReplicaSets];
  const [failure] = sets.flatMap(
    ({ status }) => status.conditions?.find(({ type }) => type === 'ReplicaFailure') ?? [],
  );
  if (failure === undefined) return withoutCondition(conditions, 'ReplicaFailure');
  const { status, reason = '', message = '' } = failure;
  return withCondition(conditions, { type: 'ReplicaFailure', status, reason, message }, facts.now);
}
