/**
 * One description per kind (design D11): everything the API server needs to serve it.
 * Adding a kind = one file in `kinds/` and one line in `scheme.ts`.
 */
import type { KubeObject } from '../meta.ts';
import type { MessageType, RuleViolation, ValueOf } from './field.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export const allVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** A wrong field: path as in `spec.containers[0].image`; `message` already holds the bad value, in Kubernetes' words. */
export interface FieldError {
  readonly field: string;
  readonly reason: RuleViolation['reason'];
  /** For example `Required value` or `Invalid value: "A": a lowercase RFC 1123 label must consist of …`. */
  readonly message: string;
}

/** A column of `kubectl get`, as in `metav1.TableColumnDefinition`. Priority 1 shows with `-o wide` only. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly format?: 'name';
  readonly description: string;
  readonly priority: 0 | 1;
}

export type Cell = string | number | boolean | null;

export interface Subresource {
  /** As in the URL: `status`, `log`, `exec`, `eviction`. */
  readonly name: string;
  readonly verbs: readonly string[];
  /** Kind that is sent and answered, when it differs from the parent's. */
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
}

/** Numbers behind the subresource `scale`. Methods, so that a `KindDescription<_, Deployment>` fits where any kind does. */
export interface ScaleAccess<T extends KubeObject = KubeObject> {
  /** Replicas that are wanted, those that there are, and the label selector of their pods as text. */
  read(object: T): { readonly wanted: number; readonly found: number; readonly selector: string };
  write(object: T, replicas: number): KubeObject;
}

/**
 * Where an object's parts live (design D5). `intent`: all of it is durable. `split`: `status` is an
 * observation, the rest is intent. `observation`: all of it lives on tmpfs. `none`: never stored.
 */
export type Storage = 'intent' | 'split' | 'observation' | 'none';

export type ObjectOfKind<M extends MessageType> = KubeObject & ValueOf<M>;

export interface KindDescription<M extends MessageType = MessageType, T extends KubeObject = KubeObject> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Plural, lower case, as in URLs. */
  readonly resource: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  readonly subresources: readonly Subresource[];
  /** With it goes the subresource `scale`. */
  readonly scale?: ScaleAccess<T>;
  /** The whole object: `metadata`, `spec`, `status`, …; apiVersion and kind are implied. */
  readonly fields: M;
  readonly storage: Storage;
  /** For a kind that is another form of one: where its objects are stored, and the way there and back. */
  readonly storedAs?: {
    readonly kind: Pick<KindDescription, 'group' | 'resource'>;
    toStored(object: T): KubeObject;
    fromStored(stored: KubeObject): T;
  };
  /** Whether `metadata.generation` is kept (it grows when anything but metadata and status changes). */
  readonly hasGeneration: boolean;
  /** Whether it grows with the annotations too, when they are not written beside the status. Default: no. */
  readonly annotationsAreIntent?: boolean;
  /** Rules that need more than one field; single-field rules stand in `fields`. */
  validate(object: T): readonly FieldError[];
  /** What only a new object may not have; an update is bound to what there is. */
  validateCreate?(object: T): readonly FieldError[];
  /** What may not change. `next` and `previous` are complete objects; `subresource` names the part that is written. */
  validateUpdate(next: T, previous: T, subresource?: string): readonly FieldError[];
  /**
   * Runs on every object that arrives (create, update, patch), right after the field defaults: defaults and
   * conversions that look at more than one field (requests from limits, `stringData` into `data`). Idempotent.
   */
  normalize?(object: T): T;
  /** Sets what a new object starts with (a pod's phase, a namespace's finalizer); already normalized. */
  prepareForCreate?(object: T): T;
  /** Carries over what an update of the main resource may not touch; status is kept by the caller. Before validation. */
  prepareForUpdate?(next: T, previous: T): T;
  /**
   * Metadata that a write to `status` leaves as it is, and nobody comes to own by it. Default: none, as in most status
   * strategies of Kubernetes.
   */
  readonly metadataKeptByStatus?: readonly ('annotations' | 'finalizers' | 'labels' | 'ownerReferences')[];
  /** As `prepareForUpdate` for a write to `status`, which changes status and metadata; the rest is kept by the caller. */
  prepareForStatusUpdate?(next: T, previous: T): T;
  /** For `split` kinds: the status of an object of which nothing has been seen since the boot. Default `{}`. */
  readonly initialStatus?: Readonly<Record<string, unknown>>;
  /** For `split` kinds: whether this new observation must outlive a power cut (a finished pod stays finished). */
  keepObservation?(next: T, previous: T | undefined): boolean;
  readonly columns: readonly Column[];
  /** One cell a column. */
  row(object: T, nowMs: number): readonly Cell[];
  /** Fields for `fieldSelector` besides metadata.name and metadata.namespace. */
  readonly selectableFields: Readonly<Record<string, FieldReader<T>>>;
}

/** Reads one selectable field as text. A method's type, so that a `KindDescription<_, Pod>` fits where any kind does. */
export type FieldReader<T> = { read(object: T): string }['read'];
