/** Where in a JSON document decoding stands, and what is said when it fails there. */
import { StatusError } from '../../lib/status-error.ts';
import type { Type } from './field.ts';

/** What the document is: `Pod in version "v1" cannot be handled as a Pod: …`. */
export interface Subject {
  readonly kind: string;
  /** Without the group: `v1` for `apps/v1`. */
  readonly version: string;
}

type Step =
  | { readonly kind: 'field'; readonly name: string; readonly owner: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'key'; readonly key: string };

/** A linked path: descending costs one small object, the text is made only when something is wrong. */
export class JsonLocation {
  readonly #subject: Subject;
  readonly #parent: JsonLocation | undefined;
  readonly #step: Step | undefined;

  constructor(subject: Subject, parent?: JsonLocation, step?: Step) {
    this.#subject = subject;
    this.#parent = parent;
    this.#step = step;
  }

  /** `owner` is the OpenAPI name of the message that holds the field. */
  field(owner: string, name: string): JsonLocation {
    return new JsonLocation(this.#subject, this, { kind: 'field', name, owner });
  }

  index(index: number): JsonLocation {
    return new JsonLocation(this.#subject, this, { kind: 'index', index });
  }

  key(key: string): JsonLocation {
    return new JsonLocation(this.#subject, this, { kind: 'key', key });
  }

  /** As Kubernetes names fields in strict decoding errors: `spec.containers[0].image`. */
  path(): string {
    const before = this.#parent?.path() ?? '';
    if (this.#step === undefined) return before;
    if (this.#step.kind === 'index') return `${before}[${this.#step.index}]`;
    const name = this.#step.kind === 'field' ? this.#step.name : this.#step.key;
    return before === '' ? name : `${before}.${name}`;
  }

  /** The value has a JSON type that this field cannot hold; in the words of Go's decoder. */
  mismatch(value: unknown, type: Type): StatusError {
    const { path, owner } = this.#goPath();
    const target = owner === '' ? 'Go value' : `Go struct field ${shortName(owner)}.${path}`;
    return this.#badRequest(`json: cannot unmarshal ${jsonWord(value, type)} into ${target} of type ${goType(type)}`);
  }

  /** The value has the right JSON type but its text cannot be read. */
  malformed(detail: string): StatusError {
    return this.#badRequest(`${this.path()}: ${detail}`);
  }

  #badRequest(detail: string): StatusError {
    const { kind, version } = this.#subject;
    const field = this.path();
    return new StatusError('BadRequest', `${kind} in version "${version}" cannot be handled as a ${kind}: ${detail}`, {
      ...(field === '' ? {} : { details: { causes: [{ reason: 'FieldValueTypeInvalid', message: detail, field }] } }),
    });
  }

  /** Go names neither list positions nor map keys, and the struct that holds the last named field. */
  #goPath(): { readonly path: string; readonly owner: string } {
    const before = this.#parent === undefined ? { path: '', owner: '' } : this.#parent.#goPath();
    if (this.#step?.kind !== 'field') return before;
    const { name, owner } = this.#step;
    return { path: before.path === '' ? name : `${before.path}.${name}`, owner };
  }
}

/** `io.k8s.api.core.v1.Container` -> `Container`. */
function shortName(typeName: string): string {
  return typeName.slice(typeName.lastIndexOf('.') + 1);
}

/** What Go calls the JSON value; a number of the wrong size is named with its digits. */
function jsonWord(value: unknown, type: Type): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  const isNumberForNumber =
    typeof value === 'number' && type.kind === 'scalar' && ['int32', 'int64', 'intOrString'].includes(type.scalar);
  if (isNumberForNumber) return `number ${value}`;
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

const goScalars = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  bytes: '[]uint8',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString',
  fieldsV1: 'v1.FieldsV1',
  raw: 'runtime.RawExtension',
} as const;

function goType(type: Type): string {
  switch (type.kind) {
    case 'scalar':
      return goScalars[type.scalar];
    case 'list':
      return `[]${goType(type.item)}`;
    case 'map':
      return `map[string]${goType(type.value)}`;
    case 'message':
      return type.name.split('.').slice(-2).join('.');
  }
}
