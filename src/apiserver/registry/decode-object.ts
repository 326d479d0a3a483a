/** From what a client sent to an object of one kind: right kind, right types, no unknown fields. */
import type { KubeObject } from '../../api/meta.ts';
import { decodeJson } from '../../api/schema/decode-json.ts';
import { apiVersionOf } from '../../api/scheme.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { AnyKind, WriteContext } from './context.ts';

type DecodeContext = Pick<WriteContext, 'fieldValidation' | 'duplicateFields' | 'warn'>;

/**
 * The object with apiVersion and kind filled in and unknown fields dropped. Unknown fields are refused,
 * reported by `context.warn` or passed over, as `context.fieldValidation` says.
 *
 * @throws StatusError BadRequest for another kind, wrong types, or unknown fields under `Strict`
 */
export function decodeObject(kind: AnyKind, body: unknown, context: DecodeContext): KubeObject {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new StatusError(
      'BadRequest',
      `the object provided is unrecognized (must be of type ${kind.kind}): not an object`,
    );
  }
  const sent = body as Readonly<Record<string, unknown>>;
  checkType(kind, sent['apiVersion'], sent['kind']);
  const typed = { ...sent, apiVersion: apiVersionOf(kind), kind: kind.kind };
  const { value, unknownFields } = decodeJson(kind.fields, typed, kind.kind);
  reportDoubtful(kind, unknownFields, context);
  const { apiVersion, kind: kindName, metadata, ...rest } = value;
  return { apiVersion, kind: kindName, metadata: metadata ?? {}, ...rest } as KubeObject;
}

function checkType(kind: AnyKind, apiVersion: unknown, kindName: unknown): void {
  const expected = apiVersionOf(kind);
  if (kindName !== undefined && kindName !== '' && kindName !== kind.kind) {
    throw new StatusError(
      'BadRequest',
      `the kind in the data (${String(kindName)}) does not match the expected kind (${kind.kind})`,
    );
  }
  if (apiVersion !== undefined && apiVersion !== '' && apiVersion !== expected) {
    throw new StatusError(
      'BadRequest',
      `the API version in the data (${String(apiVersion)}) does not match the expected API version (${expected})`,
    );
  }
}

/**
 * Fields that the kind does not have, and keys that came twice.
 *
 * @throws StatusError BadRequest under `Strict`
 */
export function reportDoubtful(kind: AnyKind, unknownFields: readonly string[], context: DecodeContext): void {
  const sentences = [
    ...context.duplicateFields.map((field) => `duplicate field "${field}"`),
    ...unknownFields.map((field) => `unknown field "${field}"`),
  ];
  if (sentences.length === 0 || context.fieldValidation === 'Ignore') return;
  if (context.fieldValidation === 'Strict') {
    throw new StatusError(
      'BadRequest',
      `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: strict decoding error: ${sentences.join(', ')}`,
    );
  }
  for (const sentence of sentences) context.warn(sentence);
}
