/** Rules for `metadata`, the same for every kind. */
import type { ObjectMeta } from '../../meta.ts';
import type { FieldError } from '../../schema/kind.ts';

export interface MetadataRules {
  readonly namespaced: boolean;
}

export function validateMetadata(_metadata: ObjectMeta, _rules: MetadataRules): readonly FieldError[] {
  return [];
}

export function validateMetadataUpdate(_next: ObjectMeta, _previous: ObjectMeta): readonly FieldError[] {
  return [];
}
