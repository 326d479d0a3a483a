/** What every way of scaling gives: which ReplicaSet is to have how many replicas. */
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';

export interface ScaleStep {
  readonly replicaSet: ReplicaSet;
  /** Equal to what it has when only its annotations are out of date. */
  readonly replicas: number;
}

/** Replicas that are wanted of these ReplicaSets together. */
export function wantedReplicas(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((sum, { spec }) => sum + spec.replicas, 0);
}

/** Pods of these ReplicaSets that can be counted on. */
export function availableReplicas(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((sum, { status }) => sum + (status.availableReplicas ?? 0), 0);
}

export function isActiveSet({ spec }: ReplicaSet): boolean {
  return spec.replicas > 0;
}
