/** The status of a ReplicaSet, from its pods (Kubernetes' calculateStatus). Pure. */

import { isReady } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '../../api/kinds/replica-set.ts';
import { matchesLabels } from '../../api/labels.ts';
import { withoutZeros } from '../without-zeros.ts';

export interface ReplicaSetFacts {
  /** Its pods that neither finished nor end. */
  readonly active: readonly Pod[];
  readonly terminating: number;
  /** How many of `active` have been ready for minReadySeconds. */
  readonly available: number;
  /** What went wrong when pods were last made or ended. */
  readonly failure?: { readonly reason: 'FailedCreate' | 'FailedDelete'; readonly message: string } | undefined;
  /** RFC 3339, for conditions that change. */
  readonly now: string;
}

export function computeReplicaSetStatus(replicaSet: ReplicaSet, facts: ReplicaSetFacts): ReplicaSetStatus {
  const { active, terminating, available, failure, now } = facts;
  const labels = Object.entries(replicaSet.spec.template.metadata.labels ?? {});
  const ofTemplate = labels.map(([key, value]) => ({ key, operator: 'In' as const, values: [value] }));
  const others = (replicaSet.status.conditions ?? []).filter(({ type }) => type !== 'ReplicaFailure');
  const conditions = failure === undefined ? others : [...others, failureCondition(replicaSet, failure, now)];
  return {
    replicas: active.length,
    terminatingReplicas: terminating,
    ...withoutZeros({
      fullyLabeledReplicas: active.filter((pod) => matchesLabels(ofTemplate, pod.metadata.labels)).length,
      readyReplicas: active.filter(isReady).length,
      availableReplicas: available,
      observedGeneration: replicaSet.metadata.generation ?? 0,
    }),
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

/** One that is there already stays as it is: the first failure is told, not each. */
function failureCondition(
  { status }: ReplicaSet,
  failure: NonNullable<ReplicaSetFacts['failure']>,
  now: string,
): ReplicaSetCondition {
  const before = status.conditions?.find(({ type }) => type === 'ReplicaFailure');
  return before ?? { type: 'ReplicaFailure', status: 'True', lastTransitionTime: now, ...failure };
}
