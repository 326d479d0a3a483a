/** Rules for events. */

import type { KubeObject } from '../../meta.ts';
import type { FieldError } from '../../schema/kind.ts';
import { validateMetadata } from './metadata-validation.ts';

export function validateEvent(event: KubeObject): readonly FieldError[] {
  return validateMetadata(event.metadata, { namespaced: true });
}
