/** Rules for nodes. */
import type { FieldError } from '../../schema/kind.ts';
import { validateMetadata, validateMetadataUpdate } from '../common/metadata-validation.ts';
import type { Node } from './types.ts';

export function validateNode(node: Node): readonly FieldError[] {
  return validateMetadata(node.metadata, { namespaced: false });
}
export function validateNodeUpdate(next: Node, previous: Node): readonly FieldError[] {
  return validateMetadataUpdate(next.metadata, previous.metadata);
}
