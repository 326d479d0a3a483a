/** Rules for the counts in the status of what makes replicas (ValidateReplicaSetStatus, ValidateDeploymentStatus). */
import { invalidValue } from '../../schema/field-error.ts';
import type { FieldError } from '../../schema/kind.ts';
import { checkNonNegative, complaints } from './checks.ts';

type Counts<K extends string> = { readonly [key in K | 'replicas' | 'readyReplicas' | 'availableReplicas']?: number };

/** None is negative, none is more than all, and what is available is ready. */
export function validateReplicaCounts<K extends string>(status: Counts<K>, own: K): FieldError[] {
  const parts = [own, 'readyReplicas', 'availableReplicas'] as const;
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  return [
    ...(['replicas', ...parts] as const).flatMap((key) =>
      complaints(`status.${key}`, status[key], checkNonNegative(status[key] ?? 0)),
    ),
    ...parts
      .filter((key) => (status[key] ?? 0) > replicas)
      .map((key) => invalidValue(`status.${key}`, status[key], 'cannot be greater than status.replicas')),
    ...(availableReplicas > readyReplicas
      ? [invalidValue('status.availableReplicas', availableReplicas, 'cannot be greater than readyReplicas')]
      : []),
  ];
}
