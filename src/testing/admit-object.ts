/** What the API server does to a new object before it stores it, for tests of kinds. */
import type { KubeObject } from '../api/meta.ts';
import { decodeJson } from '../api/schema/decode-json.ts';
import { applyDefaults } from '../api/schema/defaults.ts';
import type { MessageType } from '../api/schema/field.ts';
import type { FieldError, KindDescription } from '../api/schema/kind.ts';
import { validateFields } from '../api/schema/validate.ts';

export interface Admitted<T> {
  readonly object: T;
  readonly unknownFields: readonly string[];
  /** `path: message`, sorted as reported. */
  readonly errors: readonly string[];
}

/** Decodes, defaults, normalizes, prepares and checks `manifest` as a create request does. */
export function admitObject<M extends MessageType, T extends KubeObject>(
  kind: KindDescription<M, T>,
  manifest: unknown,
): Admitted<T> {
  const { object, unknownFields } = receiveObject(kind, manifest);
  const prepared = kind.prepareForCreate?.(object) ?? object;
  return { object: prepared, unknownFields, errors: texts(checkObject(kind, prepared)) };
}

/** Decodes, defaults and normalizes `manifest` and checks it as the successor of `previous`. */
export function admitUpdate<M extends MessageType, T extends KubeObject>(
  kind: KindDescription<M, T>,
  manifest: unknown,
  previous: T,
): Admitted<T> {
  const { object, unknownFields } = receiveObject(kind, manifest);
  const prepared = kind.prepareForUpdate?.(object, previous) ?? object;
  const errors = [...checkObject(kind, prepared), ...kind.validateUpdate(prepared, previous)];
  return { object: prepared, unknownFields, errors: texts(errors) };
}

function receiveObject<M extends MessageType, T extends KubeObject>(
  kind: KindDescription<M, T>,
  manifest: unknown,
): { readonly object: T; readonly unknownFields: readonly string[] } {
  const { value, unknownFields } = decodeJson(kind.fields, manifest, kind.kind);
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  const object = { apiVersion, kind: kind.kind, ...applyDefaults(kind.fields, value) } as unknown as T;
  return { object: kind.normalize?.(object) ?? object, unknownFields };
}

function checkObject<M extends MessageType, T extends KubeObject>(
  kind: KindDescription<M, T>,
  object: T,
): readonly FieldError[] {
  return [...validateFields(kind.fields, object), ...kind.validate(object)];
}

function texts(errors: readonly FieldError[]): readonly string[] {
  return errors.map(({ field, message }) => `${field}: ${message}`);
}
