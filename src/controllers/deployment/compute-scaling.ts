/**
 * What a new number of replicas means for the ReplicaSets of a Deployment. In the middle of an update each gets its
 * share, by its size, so that a bad update does not get all of them (Kubernetes' proportional scaling). Pure.
 */
import type { Deployment } from '../../api/kinds/deployment.ts';
import { rollingUpdateLimits } from '../../api/kinds/deployment-strategy.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import { desiredReplicasOf, maxReplicasOf } from './annotations.ts';
import { isActiveSet, type ScaleStep, wantedReplicas } from './scale-step.ts';
import { byCreation } from './template.ts';

/** Whether the number of replicas has changed since the ReplicaSets were last scaled. */
export function isScalingEvent({ spec }: Deployment, replicaSets: readonly ReplicaSet[]): boolean {
  return replicaSets.filter(isActiveSet).some((replicaSet) => {
    const desired = desiredReplicasOf(replicaSet);
    return desired !== undefined && desired !== spec.replicas;
  });
}

/** One step for each ReplicaSet that is scaled, also when only what it says of the Deployment's size is out of date. */
export function computeScaling(
  deployment: Deployment,
  target: ReplicaSet | undefined,
  others: readonly ReplicaSet[],
): ScaleStep[] {
  const { replicas, strategy } = deployment.spec;
  const active = [...others, ...(target ? [target] : [])].filter(isActiveSet);
  const [first, second] = active;
  if (second === undefined) {
    const only = first ?? target ?? byCreation(others).at(-1);
    return only === undefined ? [] : [{ replicaSet: only, replicas }];
  }
  if (target !== undefined && isSaturated(deployment, target)) {
    return others.filter(isActiveSet).map((replicaSet) => ({ replicaSet, replicas: 0 }));
  }
  return strategy.type === 'RollingUpdate' ? computeShares(deployment, active) : [];
}

function isSaturated({ spec: { replicas } }: Deployment, target: ReplicaSet): boolean {
  return (
    desiredReplicasOf(target) === replicas &&
    target.spec.replicas === replicas &&
    target.status.availableReplicas === replicas
  );
}

function computeShares(deployment: Deployment, active: readonly ReplicaSet[]): ScaleStep[] {
  const { replicas, strategy } = deployment.spec;
  const allowed = replicas > 0 ? replicas + rollingUpdateLimits(strategy, replicas).maxSurge : 0;
  const toAdd = allowed - wantedReplicas(active);
  // The largest takes what rounding leaves: the newer one when there is more to have, the older one when less.
  const ordered = bySize(active, toAdd > 0 ? 'newer' : 'older');
  let added = 0;
  const steps = ordered.map((replicaSet) => {
    const share = toAdd === added ? 0 : clamp(shareOf(deployment, replicaSet), toAdd - added);
    added += share;
    return { replicaSet, replicas: replicaSet.spec.replicas + share };
  });
  const [largest, ...rest] = steps;
  if (largest === undefined) return [];
  return [{ ...largest, replicas: Math.max(0, largest.replicas + toAdd - added) }, ...rest];
}

function bySize(replicaSets: readonly ReplicaSet[], first: 'newer' | 'older'): ReplicaSet[] {
  const ordered = byCreation(replicaSets);
  if (first === 'newer') ordered.reverse();
  return ordered.sort((a, b) => b.spec.replicas - a.spec.replicas);
}

/** How many replicas more (or fewer, below zero) this ReplicaSet has in a Deployment of the new size. */
function shareOf({ spec, status }: Deployment, replicaSet: ReplicaSet): number {
  const current = replicaSet.spec.replicas;
  if (spec.replicas === 0) return -current;
  const before = maxReplicasOf(replicaSet) ?? status.replicas ?? 0;
  if (before === 0) return 0;
  const size = spec.replicas + rollingUpdateLimits(spec.strategy, spec.replicas).maxSurge;
  return Math.round((current * size) / before) - current;
}

/** `share`, but not beyond `limit`, on whichever side of zero that is. */
function clamp(share: number, limit: number): number {
  return limit > 0 ? Math.min(share, limit) : Math.max(share, limit);
}
