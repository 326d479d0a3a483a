/**
 * Zero values, as Go's `omitempty` sees them.
 *
 * Kubernetes' types are Go structs: for a field that is no pointer, `""`, `0`, `false` and `[]`
 * mean "not set". They are dropped when an object arrives, so that defaults apply to them
 * (`imagePullPolicy: ""`) and so that both encodings of one object give one result.
 */
import type { Field, Type } from './field.ts';

/** Whether `value` in this field says no more than its absence would, and is therefore not kept. */
export function isUnset(field: Field, value: unknown): boolean {
  if (value === undefined) return true;
  if (field.pointer === true || !isZero(field.type, value)) return false;
  // A required number or flag is always written (`ready: false`); a required text or list must hold something.
  return field.presence !== 'required' || !(typeof value === 'number' || typeof value === 'boolean');
}

/** What an absent element of a list or map is: Go's zero value, in JSON. */
export function zeroOf(type: Type): unknown {
  switch (type.kind) {
    case 'list':
      return [];
    case 'map':
    case 'message':
      return {};
    case 'scalar':
      switch (type.scalar) {
        case 'string':
        case 'bytes':
          return '';
        case 'bool':
          return false;
        case 'int32':
        case 'int64':
        case 'double':
        case 'intOrString':
          return 0;
        case 'quantity':
          return '0';
        case 'time':
        case 'microTime':
        case 'raw':
          return null;
        case 'fieldsV1':
          return {};
      }
  }
}

/** Structs (messages, quantities) are never zero in this sense: Go writes them always. */
function isZero(type: Type, value: unknown): boolean {
  switch (type.kind) {
    case 'list':
      return Array.isArray(value) && value.length === 0;
    case 'map':
      return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
    case 'message':
      return false;
    case 'scalar':
      return type.scalar !== 'raw' && (value === '' || value === 0 || value === false);
  }
}
