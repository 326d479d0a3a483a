/** The next step of an update that ends all old pods before it makes new ones. Pure. */
import type { Deployment } from '../../api/kinds/deployment.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import { isActiveSet, type ScaleStep } from './scale-step.ts';

export interface RecreateInput {
  readonly deployment: Deployment;
  readonly target: ReplicaSet;
  readonly others: readonly ReplicaSet[];
  /** True when the target's images are on the device, or need not be. */
  readonly mayEndPods: boolean;
  /** Pods of the others that have not ended yet, those on their way out included. */
  readonly otherPods: number;
}

export function computeRecreate(input: RecreateInput): ScaleStep[] {
  const { deployment, target, others, mayEndPods, otherPods } = input;
  const active = others.filter(isActiveSet);
  if (active.length > 0) {
    if (!mayEndPods) return [];
    return active.map((replicaSet) => ({ replicaSet, replicas: 0 }));
  }
  if (otherPods > 0) return [];
  const { replicas } = deployment.spec;
  return target.spec.replicas === replicas ? [] : [{ replicaSet: target, replicas }];
}
