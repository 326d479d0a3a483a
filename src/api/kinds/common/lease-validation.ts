/** Rules for leases. */

import type { KubeObject } from '../../meta.ts';
import type { FieldError } from '../../schema/kind.ts';
import { validateMetadata, validateMetadataUpdate } from './metadata-validation.ts';

export function validateLease(lease: KubeObject): readonly FieldError[] {
  return validateMetadata(lease.metadata, { namespaced: true });
}
export function validateLeaseUpdate(next: KubeObject, previous: KubeObject): readonly FieldError[] {
  return validateMetadataUpdate(next.metadata, previous.metadata);
}
