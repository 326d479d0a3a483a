/**
 * The language in which a kind is described, once.
 *
 * A kind is a `MessageType`: named fields with their protobuf number, JSON type,
 * presence, default, list semantics and rules. Strict decoding, protobuf decoding,
 * defaults, validation, strategic merge, OpenAPI and the TypeScript types
 * (`ObjectOf`) are all derived from it, so they cannot drift apart.
 *
 * Numbers and merge keys are facts of Kubernetes' wire format (k8s.io/api generated.proto
 * and the `patchMergeKey` / `listMapKey` markers of its types).
 */

/** Scalars as they appear in JSON. `bytes` is base64; `time` RFC 3339; `quantity` a string like `500m`. */
export type ScalarName =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'time'
  | 'microTime'
  | 'quantity'
  | 'intOrString'
  /** `metav1.FieldsV1`: any JSON object, carried as bytes on the protobuf wire. */
  | 'fieldsV1'
  /** `runtime.RawExtension` and anything else that is not looked into. */
  | 'raw';

export interface ScalarType<T = unknown> {
  readonly kind: 'scalar';
  readonly scalar: ScalarName;
  /** Type carrier for `ObjectOf`; never present at run time. */
  readonly __type?: T;
}

/** How two versions of a list are merged; `set` and `map` as Kubernetes' `x-kubernetes-list-type`. */
export type ListSemantics =
  | { readonly type: 'atomic' }
  | { readonly type: 'set' }
  /** `mergeKey` serves strategic merge, `keys` server-side apply and uniqueness. */
  | { readonly type: 'map'; readonly mergeKey: string; readonly keys: readonly string[] };

export interface ListType<T = unknown> {
  readonly kind: 'list';
  readonly item: Type;
  readonly semantics: ListSemantics;
  readonly __type?: readonly T[];
}

/** A JSON object with free keys; on the protobuf wire `map<string, value>`. */
export interface MapType<T = unknown> {
  readonly kind: 'map';
  readonly value: Type;
  readonly __type?: { readonly [key: string]: T };
}

export interface MessageType<F extends Fields = Fields> {
  readonly kind: 'message';
  /** Name in OpenAPI, for example `io.k8s.api.core.v1.Container`. */
  readonly name: string;
  readonly fields: F;
}

export type Type = ScalarType | ListType | MapType | MessageType;

/** `required`: refused when absent. `defaulted`: always there after defaulting. */
export type Presence = 'required' | 'defaulted' | 'optional';

/** One rule: undefined when the value is fine, else what is wrong, in Kubernetes' words. */
export type Rule = (value: never) => RuleViolation | undefined;

export interface RuleViolation {
  /** As `metav1.CauseType`: FieldValueInvalid is the common one. */
  readonly reason:
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueRequired'
    | 'FieldValueTooLong'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueNotFound'
    | 'FieldValueNotFound';
  readonly message: string;
}

export interface FieldOptions {
  /** One sentence for `kubectl explain`. */
  readonly doc?: string;
  /** Allowed strings; anything else is FieldValueNotSupported. */
  readonly oneOf?: readonly string[];
  readonly rules?: readonly Rule[];
  /**
   * A Go pointer: absent and zero differ. Without it a zero value that arrives by protobuf
   * means "not set" and is dropped, since proto2 encoders write it always.
   */
  readonly pointer?: boolean;
  /**
   * Kubernetes' patchStrategy. `retainKeys`: the patch names every key that stays. `replace`: the patch holds the whole
   * message, which is not merged.
   */
  readonly patchStrategy?: 'retainKeys' | 'replace';
  /**
   * The fields of this message stand in the parent's JSON object, as embedded Go structs do,
   * though they are a nested message on the protobuf wire (`volumeSource` in Volume).
   */
  readonly inline?: boolean;
  /** May not change after creation. */
  readonly immutable?: boolean;
  /** `false`: Kubernetes accepts two entries with the same key in this list (`env`, `ports`). */
  readonly uniqueKeys?: false;
  /** Owned as a whole in `managedFields`, though it is a map (Kubernetes' `mapType=atomic`): `nodeSelector`. */
  readonly atomic?: boolean;
}

export interface Field<T extends Type = Type, P extends Presence = Presence, I extends boolean = boolean>
  extends FieldOptions {
  readonly number: number;
  readonly type: T;
  readonly presence: P;
  /** The value when absent, made anew each time. `parent` is the object that holds the field. */
  readonly makeDefault?: (parent: Readonly<Record<string, unknown>>) => unknown;
  readonly __inline?: I;
}

export type Fields = { readonly [name: string]: Field };

type OptionalField<T extends Type> = Field<T, 'optional', false>;

const scalar =
  <T>(name: ScalarName) =>
  (number: number, options: FieldOptions = {}): OptionalField<ScalarType<T>> => ({
    ...options,
    number,
    presence: 'optional',
    type: { kind: 'scalar', scalar: name },
  });

export const string = scalar<string>('string');
export const bool = scalar<boolean>('bool');
export const int32 = scalar<number>('int32');
export const int64 = scalar<number>('int64');
export const double = scalar<number>('double');
export const bytes = scalar<string>('bytes');
export const time = scalar<string>('time');
export const microTime = scalar<string>('microTime');
export const quantity = scalar<string>('quantity');
export const intOrString = scalar<number | string>('intOrString');
export const fieldsV1 = scalar<Readonly<Record<string, unknown>>>('fieldsV1');
export const raw = scalar<unknown>('raw');

/** Scalar types for use as list items and map values. */
export const scalars = {
  string: { kind: 'scalar', scalar: 'string' } as ScalarType<string>,
  bytes: { kind: 'scalar', scalar: 'bytes' } as ScalarType<string>,
  quantity: { kind: 'scalar', scalar: 'quantity' } as ScalarType<string>,
  int32: { kind: 'scalar', scalar: 'int32' } as ScalarType<number>,
  int64: { kind: 'scalar', scalar: 'int64' } as ScalarType<number>,
  time: { kind: 'scalar', scalar: 'time' } as ScalarType<string>,
  raw: { kind: 'scalar', scalar: 'raw' } as ScalarType<unknown>,
};

/** An atomic list: a patch replaces it whole. */
export function list<T extends Type>(
  number: number,
  item: T,
  options: FieldOptions = {},
): OptionalField<ListType<ValueOf<T>>> {
  return { ...options, number, presence: 'optional', type: { kind: 'list', item, semantics: { type: 'atomic' } } };
}

/** A list of unique scalars, merged as a set. */
export function set<T extends Type>(
  number: number,
  item: T,
  options: FieldOptions = {},
): OptionalField<ListType<ValueOf<T>>> {
  return { ...options, number, presence: 'optional', type: { kind: 'list', item, semantics: { type: 'set' } } };
}

/** A list of objects merged by key. `mergeKey` is the first of `keys` unless said otherwise. */
export function listMap<T extends MessageType>(
  number: number,
  item: T,
  keys: readonly [string, ...string[]],
  options: FieldOptions & { readonly mergeKey?: string } = {},
): OptionalField<ListType<ValueOf<T>>> {
  const { mergeKey = keys[0], ...rest } = options;
  return {
    ...rest,
    number,
    presence: 'optional',
    type: { kind: 'list', item, semantics: { type: 'map', mergeKey, keys } },
  };
}

export function map<T extends Type>(
  number: number,
  value: T,
  options: FieldOptions = {},
): OptionalField<MapType<ValueOf<T>>> {
  return { ...options, number, presence: 'optional', type: { kind: 'map', value } };
}

export function object<T extends MessageType>(number: number, type: T, options: FieldOptions = {}): OptionalField<T> {
  return { ...options, number, presence: 'optional', type };
}

/** A nested message on the wire whose fields stand in the parent's JSON. */
export function inline<T extends MessageType>(number: number, type: T): Field<T, 'optional', true> {
  return { number, presence: 'optional', type, inline: true };
}

export function message<const F extends Fields>(name: string, fields: F): MessageType<F> {
  return { kind: 'message', name, fields };
}

/** The same field, refused when absent (FieldValueRequired). */
export function required<T extends Type>(field: OptionalField<T>): Field<T, 'required', false> {
  return { ...field, presence: 'required' };
}

/** The same field, filled in when absent: with `value`, or with what the function makes of the parent. */
export function defaulted<T extends Type>(
  field: OptionalField<T>,
  value: ValueOf<T> | ((parent: Readonly<Record<string, unknown>>) => unknown),
): Field<T, 'defaulted', false> {
  const makeDefault =
    typeof value === 'function'
      ? (value as (parent: Readonly<Record<string, unknown>>) => unknown)
      : () => structuredClone(value);
  return { ...field, presence: 'defaulted', makeDefault };
}

// ---- types derived from a description ------------------------------------------------

/** The TypeScript type of a value of `T`, after decoding and defaulting. */
export type ValueOf<T extends Type> =
  T extends ScalarType<infer V>
    ? V
    : T extends MessageType<infer F>
      ? ObjectOfFields<F>
      : T extends ListType<infer V>
        ? readonly V[]
        : T extends MapType<infer V>
          ? { readonly [key: string]: V }
          : never;

type InlineKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<Type, Presence, true> ? (false extends F[K]['__inline'] ? never : K) : never;
}[keyof F];
type PresentKeys<F extends Fields> = {
  [K in keyof F]: F[K]['presence'] extends 'required' | 'defaulted' ? K : never;
}[keyof F];
type UnionToIntersection<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void
  ? I
  : never;
type InlineObjects<F extends Fields> = [InlineKeys<F>] extends [never]
  ? unknown
  : UnionToIntersection<{ [K in InlineKeys<F>]: ValueOf<F[K]['type']> }[InlineKeys<F>]>;

type ObjectOfFields<F extends Fields> = {
  readonly [K in Exclude<keyof F, InlineKeys<F>> as K extends PresentKeys<F> ? K : never]: ValueOf<F[K]['type']>;
} & {
  readonly [K in Exclude<keyof F, InlineKeys<F>> as K extends PresentKeys<F> ? never : K]?: ValueOf<F[K]['type']>;
} & InlineObjects<F>;

/** The TypeScript type of the objects that `M` describes. */
export type ObjectOf<M extends MessageType> = ValueOf<M>;
