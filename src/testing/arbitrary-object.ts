/** Random objects of a kind, from its field table, for property tests. */
import fc from 'fast-check';
import { setOwn } from '../api/json-value.ts';
import type { Field, MessageType, ScalarName, Type } from '../api/schema/field.ts';
import { jsonFieldsOf } from '../api/schema/json-fields.ts';

type JsonRecord = Record<string, unknown>;

/** Optional fields of one message that may be present at once: real kinds have forty, and they nest. */
const maxFields = 4;

/** JSON objects with every required field and no unknown one; their rules are not looked at. */
export function arbitraryObject(type: MessageType): fc.Arbitrary<JsonRecord> {
  const required = jsonFieldsOf(type).filter(([, field]) => field.presence === 'required');
  const others = jsonFieldsOf(type).filter(([, field]) => field.presence !== 'required');
  return fc
    .subarray(others, { maxLength: Math.min(maxFields, others.length) })
    .chain((chosen) => fc.tuple(...[...required, ...chosen].map(arbitraryField)))
    .map((entries) => {
      const object: JsonRecord = {};
      for (const [name, value] of entries) setOwn(object, name, value);
      return object;
    });
}

function arbitraryField([name, field]: readonly [string, Field]): fc.Arbitrary<readonly [string, unknown]> {
  const value = field.oneOf === undefined ? arbitraryValue(field.type) : arbitraryChoice(field.type, field.oneOf);
  return value.map((item) => [name, item] as const);
}

function arbitraryChoice(type: Type, choices: readonly string[]): fc.Arbitrary<unknown> {
  return type.kind === 'scalar' ? fc.constantFrom(...choices) : arbitraryValue(type);
}

function arbitraryValue(type: Type): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'scalar':
      return arbitraryScalar(type.scalar);
    case 'message':
      return arbitraryObject(type);
    case 'map':
      return fc.dictionary(fc.constantFrom('a', 'b', 'example.com/c', '__proto__'), arbitraryValue(type.value), {
        maxKeys: 3,
      });
    case 'list':
      return arbitraryList(
        type.item,
        type.semantics.type === 'map' ? type.semantics.keys : undefined,
        type.semantics.type,
      );
  }
}

/** Elements of keyed lists carry their keys, each once. */
function arbitraryList(item: Type, keys: readonly string[] | undefined, semantics: string): fc.Arbitrary<unknown> {
  if (semantics === 'set') return fc.uniqueArray(arbitraryValue(item), { maxLength: 3, selector: String });
  if (keys === undefined || item.kind !== 'message') return fc.array(arbitraryValue(item), { maxLength: 3 });
  const keyFields = jsonFieldsOf(item).filter(([name]) => keys.includes(name));
  const element = fc
    .tuple(arbitraryObject(item), fc.tuple(...keyFields.map(arbitraryField)))
    .map(([object, keyed]): JsonRecord => ({ ...object, ...Object.fromEntries(keyed) }));
  const [mergeKey = ''] = keys;
  return fc.uniqueArray(element, { maxLength: 3, selector: (object) => JSON.stringify(object[mergeKey]) });
}

function arbitraryScalar(scalar: ScalarName): fc.Arbitrary<unknown> {
  switch (scalar) {
    case 'string':
      return fc.constantFrom('a', 'b', 'web', 'näh', 'x y');
    case 'bool':
      return fc.boolean();
    case 'int32':
      return fc.integer();
    case 'int64':
      return fc.maxSafeInteger();
    case 'double':
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case 'bytes':
      return fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('base64'));
    case 'time':
      return arbitrarySeconds().map((ms) => `${new Date(ms).toISOString().slice(0, 19)}Z`);
    case 'microTime':
      return arbitrarySeconds().map((ms) => `${new Date(ms).toISOString().slice(0, 19)}.123456Z`);
    case 'quantity':
      return fc.constantFrom('0', '1', '500m', '1Gi', '1500Mi', '3e3', '0.1');
    case 'intOrString':
      return fc.oneof(fc.integer(), fc.constantFrom('http', '25%'));
    case 'fieldsV1':
      return fc.constantFrom({}, { 'f:spec': {} });
    case 'raw':
      return fc.constantFrom({ a: 1 }, 'text', 7, [1, null]);
  }
}

function arbitrarySeconds(): fc.Arbitrary<number> {
  return fc.integer({ min: -2_000_000_000, max: 4_000_000_000 }).map((seconds) => seconds * 1000);
}
