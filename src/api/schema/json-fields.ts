/** A message's fields as they stand in JSON: those of inline messages belong to the parent's object. */
import type { Field, MessageType } from './field.ts';

/** Every field of the JSON object that `type` describes, in declaration order, inline messages opened. */
export function jsonFieldsOf(type: MessageType): readonly (readonly [name: string, field: Field])[] {
  const fields: [string, Field][] = [];
  collect(type, fields);
  return fields;
}

/** The field that `name` means in the JSON object that `type` describes. */
export function findJsonField(type: MessageType, name: string): Field | undefined {
  const own = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
  if (own !== undefined && own.inline !== true) return own;
  for (const field of Object.values(type.fields)) {
    if (field.inline !== true || field.type.kind !== 'message') continue;
    const found = findJsonField(field.type, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function collect(type: MessageType, into: [string, Field][]): void {
  for (const [name, field] of Object.entries(type.fields)) {
    if (field.inline === true && field.type.kind === 'message') collect(field.type, into);
    else into.push([name, field]);
  }
}
