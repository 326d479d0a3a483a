/** Rules for a whole pod (ValidatePod). What one field can say for itself stands in the field tables. */
import type { FieldError } from '../../../schema/kind.ts';
import { validateMetadata } from '../../common/metadata-validation.ts';
import type { Pod } from '../types.ts';
import { validatePodSpec } from './spec.ts';

/** Also for pods whose required fields are missing; those are reported by the field tables. */
export function validatePod(pod: Pod): FieldError[] {
  return [...validateMetadata(pod.metadata, { namespaced: true }), ...validatePodSpec(pod.spec, 'spec')];
}
