/** A decoded object made whole by its kind's description: first the defaults, then every rule. */
import type { KubeObject } from '../../api/meta.ts';
import { applyDefaults } from '../../api/schema/defaults.ts';
import type { FieldError } from '../../api/schema/kind.ts';
import { validateFields } from '../../api/schema/validate.ts';
import type { AnyKind } from './context.ts';
import { invalid } from './errors.ts';

/** The object with every default, those that look at several fields included. */
export function completeObject(kind: AnyKind, object: KubeObject): KubeObject {
  const defaulted = applyDefaults(kind.fields, object);
  return kind.normalize?.(defaulted) ?? defaulted;
}

/**
 * @param previous the stored object when this is an update, of all of it or of `subresource`
 * @throws StatusError Invalid, with one cause for each wrong field
 */
export function validateObject(kind: AnyKind, object: KubeObject, previous?: KubeObject, subresource?: string): void {
  const ofObject = [...validateFields(kind.fields, object), ...kind.validate(object)];
  const found = [
    // What was stored before a rule was made must not keep the status from being told.
    ...(subresource === 'status' ? ofObject.filter(isOfStatusWrite) : ofObject),
    ...(previous ? kind.validateUpdate(object, previous, subresource) : (kind.validateCreate?.(object) ?? [])),
  ];
  if (found.length === 0) return;
  // As in Kubernetes, what is wrong with the name comes first.
  const [ofMetadata, others] = [found.filter(isOfMetadata), found.filter((error) => !isOfMetadata(error))];
  throw invalid(kind, object.metadata.name ?? '', [...ofMetadata, ...others]);
}

function isOfStatusWrite({ field }: FieldError): boolean {
  return field.startsWith('status') || field.startsWith('metadata');
}

function isOfMetadata({ field }: FieldError): boolean {
  return field.startsWith('metadata');
}
