/** The next step of a rolling update, by the rules of Kubernetes' deployment controller. Pure. */
import type { Deployment } from '../../api/kinds/deployment.ts';
import { rollingUpdateLimits } from '../../api/kinds/deployment-strategy.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import { availableReplicas, type ScaleStep, wantedReplicas } from './scale-step.ts';
import { byCreation } from './template.ts';

export interface RollingUpdateInput {
  readonly deployment: Deployment;
  /** Where the pods shall be. */
  readonly target: ReplicaSet;
  /** Where they shall no longer be. */
  readonly others: readonly ReplicaSet[];
  /** Pods that stay available whatever the strategy allows: the target's images are not on the device yet. */
  readonly keepAvailable: number;
  /** Pods of the target that find no room beside the others and would if they went. */
  readonly withoutRoom: number;
}

/** Steps to take now; empty when nothing is to be done or it must be waited for pods. */
export function computeRollingUpdate(input: RollingUpdateInput): ScaleStep[] {
  const up = scaleTarget(input);
  return up === undefined ? scaleOthersDown(input) : [up];
}

function scaleTarget({ deployment: { spec }, target, others }: RollingUpdateInput): ScaleStep | undefined {
  const current = target.spec.replicas;
  if (current === spec.replicas) return undefined;
  if (current > spec.replicas) return { replicaSet: target, replicas: spec.replicas };
  const { maxSurge } = rollingUpdateLimits(spec.strategy, spec.replicas);
  const room = spec.replicas + maxSurge - wantedReplicas([...others, target]);
  if (room <= 0) return undefined;
  return { replicaSet: target, replicas: current + Math.min(room, spec.replicas - current) };
}

/** First those that are of no use, then as many that can be counted on as may be missing. */
function scaleOthersDown(input: RollingUpdateInput): ScaleStep[] {
  const { target, others } = input;
  const all = [...others, target];
  const minAvailable = computeMinAvailable(input);
  const unavailableInTarget = Math.max(0, target.spec.replicas - (target.status.availableReplicas ?? 0));
  let room = wantedReplicas(all) - minAvailable - unavailableInTarget;
  if (room <= 0 || wantedReplicas(others) === 0) return [];

  const replicas = new Map(byCreation(others).map((other) => [other, other.spec.replicas]));
  for (const [other, count] of replicas) {
    const useless = Math.min(room, Math.max(0, count - (other.status.availableReplicas ?? 0)));
    replicas.set(other, count - useless);
    room -= useless;
  }
  let surplus = availableReplicas(all) - minAvailable;
  for (const [other, count] of replicas) {
    const down = Math.max(0, Math.min(count, surplus));
    replicas.set(other, count - down);
    surplus -= down;
  }
  return [...replicas]
    .filter(([other, count]) => count !== other.spec.replicas)
    .map(([replicaSet, count]) => ({ replicaSet, replicas: count }));
}

function computeMinAvailable({ deployment: { spec }, keepAvailable, withoutRoom }: RollingUpdateInput): number {
  const { maxUnavailable } = rollingUpdateLimits(spec.strategy, spec.replicas);
  return Math.max(keepAvailable, spec.replicas - Math.min(maxUnavailable, spec.replicas) - withoutRoom, 0);
}
