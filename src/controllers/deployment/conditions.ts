/** Conditions of a Deployment, changed as Kubernetes does: what says the same keeps its times. Pure. */
import type { DeploymentCondition } from '../../api/kinds/deployment.ts';

export type Conditions = readonly DeploymentCondition[];
export type NewCondition = Pick<DeploymentCondition, 'type' | 'status'> & {
  readonly reason: string;
  readonly message: string;
};

export function findCondition(conditions: Conditions, type: string): DeploymentCondition | undefined {
  return conditions.find((condition) => condition.type === type);
}

export function withoutCondition(conditions: Conditions, type: string): Conditions {
  return conditions.filter((condition) => condition.type !== type);
}

/**
 * With `condition`; one of the same status and reason stays as it is. @param now RFC 3339
 */
export function withCondition(conditions: Conditions, condition: NewCondition, now: string): Conditions {
  const before = findCondition(conditions, condition.type);
  if (before?.status === condition.status && before.reason === condition.reason) return conditions;
  return withUpdatedCondition(conditions, condition, now);
}

/** With `condition`, updated now; the time of its transition stays when its status does. */
export function withUpdatedCondition(conditions: Conditions, condition: NewCondition, now: string): Conditions {
  const before = findCondition(conditions, condition.type);
  const lastTransitionTime = before?.status === condition.status ? (before.lastTransitionTime ?? now) : now;
  return [...withoutCondition(conditions, condition.type), { ...condition, lastUpdateTime: now, lastTransitionTime }];
}
