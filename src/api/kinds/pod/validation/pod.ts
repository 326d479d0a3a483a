/** Rules for a whole pod. */
import type { FieldError } from '../../../schema/kind.ts';
import { validateMetadata } from '../../common/metadata-validation.ts';
import type { Pod } from '../types.ts';

export function validatePod(pod: Pod): readonly FieldError[] {
  return validateMetadata(pod.metadata, { namespaced: true });
}
