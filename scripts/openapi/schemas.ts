/** Schemas of messages, with the extensions by which Kubernetes describes lists and merging. */
import { isAtomicStruct } from '../../src/api/schema/atomic-structs.ts';
import type { Field, ListType, MessageType, ScalarName, Type } from '../../src/api/schema/field.ts';
import { jsonFieldsOf } from '../../src/api/schema/json-fields.ts';
import type { KindDescription } from '../../src/api/schema/kind.ts';
import { describeField, describeType } from './describe.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Schemas of the kinds and of every message in them, by OpenAPI name, sorted. */
export function schemasOf(
  kinds: readonly Pick<KindDescription, 'group' | 'version' | 'kind' | 'fields'>[],
): Readonly<Record<string, Schema>> {
  const schemas = new Map<string, Schema>();
  for (const { group, version, kind, fields } of kinds) {
    collect(fields, schemas);
    schemas.set(fields.name, {
      ...withTypeMeta(schemas.get(fields.name) ?? {}),
      'x-kubernetes-group-version-kind': [{ group, kind, version }],
    });
  }
  return sortedRecord(schemas);
}

const typeMeta: Readonly<Record<string, Schema>> = {
  apiVersion: { type: 'string', description: 'The version of the schema that this object follows.' },
  kind: { type: 'string', description: 'The kind of this object, in CamelCase.' },
};

function withTypeMeta(schema: Schema): Schema {
  const properties = schema['properties'] as Readonly<Record<string, Schema>> | undefined;
  return { ...schema, properties: sortedRecord(Object.entries({ ...properties, ...typeMeta })) };
}

/** Adds the message and all it is made of; a name that is there already is not entered again. */
function collect(type: MessageType, schemas: Map<string, Schema>): void {
  if (schemas.has(type.name)) return;
  schemas.set(type.name, {});
  const fields = jsonFieldsOf(type);
  const required = fields.filter(([, field]) => field.presence === 'required').map(([name]) => name);
  const properties = fields.map(([name, field]) => {
    const description = field.doc ?? describeField(type.name, name);
    return [name, fieldSchema(field, description, schemas)] as const;
  });
  schemas.set(type.name, {
    ...described(describeType(type.name)),
    type: 'object',
    ...(properties.length === 0 ? {} : { properties: sortedRecord(properties) }),
    ...(required.length === 0 ? {} : { required: required.sort() }),
    ...(isAtomicStruct(type.name) ? { 'x-kubernetes-map-type': 'atomic' } : {}),
  });
}

function described(description: string | undefined): Schema {
  return description === undefined ? {} : { description };
}

function fieldSchema(field: Field, description: string | undefined, schemas: Map<string, Schema>): Schema {
  const schema = typeSchema(field.type, schemas);
  // A reference may have no siblings in OpenAPI 3.0; Kubernetes wraps it.
  const base = '$ref' in schema && description !== undefined ? { allOf: [schema] } : schema;
  return {
    ...described(description),
    ...base,
    ...(field.oneOf === undefined || field.type.kind !== 'scalar' ? {} : { enum: field.oneOf }),
    ...listExtensions(field),
    ...(field.type.kind === 'map' && field.atomic === true ? { 'x-kubernetes-map-type': 'atomic' } : {}),
  };
}

function listExtensions({ type, patchStrategy }: Field): Schema {
  if (type.kind !== 'list') return patchStrategy === undefined ? {} : { 'x-kubernetes-patch-strategy': patchStrategy };
  return { 'x-kubernetes-list-type': type.semantics.type, ...mergeExtensions(type, patchStrategy) };
}

function mergeExtensions({ semantics }: ListType, patchStrategy: Field['patchStrategy']): Schema {
  if (semantics.type === 'atomic') return {};
  const strategy = patchStrategy === undefined ? 'merge' : `merge,${patchStrategy}`;
  if (semantics.type === 'set') return { 'x-kubernetes-patch-strategy': strategy };
  return {
    'x-kubernetes-list-map-keys': semantics.keys,
    'x-kubernetes-patch-merge-key': semantics.mergeKey,
    'x-kubernetes-patch-strategy': strategy,
  };
}

function typeSchema(type: Type, schemas: Map<string, Schema>): Schema {
  switch (type.kind) {
    case 'scalar':
      return scalarSchema(type.scalar, schemas);
    case 'list':
      return { type: 'array', items: typeSchema(type.item, schemas) };
    case 'map':
      return { type: 'object', additionalProperties: typeSchema(type.value, schemas) };
    case 'message':
      collect(type, schemas);
      return { $ref: `#/components/schemas/${type.name}` };
  }
}

/** Scalars that are types of their own in Kubernetes. */
const namedScalars: Partial<Record<ScalarName, readonly [name: string, schema: Schema]>> = {
  time: ['io.k8s.apimachinery.pkg.apis.meta.v1.Time', { type: 'string', format: 'date-time' }],
  microTime: ['io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime', { type: 'string', format: 'date-time' }],
  quantity: ['io.k8s.apimachinery.pkg.api.resource.Quantity', { oneOf: [{ type: 'string' }, { type: 'number' }] }],
  intOrString: [
    'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
    { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' },
  ],
  fieldsV1: ['io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1', { type: 'object' }],
};

function scalarSchema(scalar: ScalarName, schemas: Map<string, Schema>): Schema {
  const named = namedScalars[scalar];
  if (named !== undefined) {
    schemas.set(named[0], { ...described(describeType(named[0])), ...named[1] });
    return { $ref: `#/components/schemas/${named[0]}` };
  }
  switch (scalar) {
    case 'bool':
      return { type: 'boolean' };
    case 'int32':
    case 'int64':
      return { type: 'integer', format: scalar };
    case 'double':
      return { type: 'number', format: 'double' };
    case 'bytes':
      return { type: 'string', format: 'byte' };
    case 'raw':
      return { type: 'object' };
    default:
      return { type: 'string' };
  }
}

function sortedRecord(entries: Iterable<readonly [string, Schema]>): Readonly<Record<string, Schema>> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
