/** What of a pod may change. */
import type { FieldError } from '../../../schema/kind.ts';
import { validateMetadataUpdate } from '../../common/metadata-validation.ts';
import type { Pod } from '../types.ts';

export function validatePodUpdate(next: Pod, previous: Pod): readonly FieldError[] {
  return validateMetadataUpdate(next.metadata, previous.metadata);
}
