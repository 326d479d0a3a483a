/** What every object of a kind has, even before it is created: Go's zero value. */
import type { Field, MessageType } from '../schema/field.ts';
import { jsonFieldsOf } from '../schema/json-fields.ts';

/**
 * `{ metadata: {}, spec: { containers: null }, status: {} }`: structs that are always there are not
 * owned by whoever creates the object, only what is inside of them.
 */
export function bareObject(type: MessageType): Readonly<Record<string, unknown>> {
  const parts = jsonFieldsOf(type).filter(([, field]) => field.type.kind === 'message' && field.pointer !== true);
  return Object.fromEntries(parts.map(([name, field]) => [name, bareValue(field)]));
}

function bareValue({ type }: Field): unknown {
  if (type.kind !== 'message') return null;
  const always = jsonFieldsOf(type).filter(
    ([, field]) => field.presence === 'required' && field.pointer !== true && field.type.kind !== 'scalar',
  );
  return Object.fromEntries(always.map(([name, field]) => [name, bareValue(field)]));
}
