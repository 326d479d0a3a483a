/** Who may write what: the next object, made of what a client sent and of what is not its to write. */
import type { KubeObject, ObjectMeta } from '../../api/meta.ts';
import { completeObject } from './complete-object.ts';
import type { AnyKind } from './context.ts';
import { invalid } from './errors.ts';

/** The next object: the client's part from `wanted`, everything that is not its to write from `current`. */
export function mergeUpdate(
  kind: AnyKind,
  current: KubeObject,
  wanted: KubeObject,
  subresource: string | undefined,
): KubeObject {
  if (subresource === 'status') return mergeStatus(kind, current, wanted);
  if (subresource === 'finalize') {
    const finalizers = (wanted['spec'] as { readonly finalizers?: readonly string[] } | undefined)?.finalizers;
    const spec = current['spec'] as Readonly<Record<string, unknown>> | undefined;
    return replaceField(current, 'spec', { ...spec, finalizers: finalizers ?? [] });
  }
  if (subresource === 'ephemeralcontainers') return mergeEphemeralContainers(kind, current, wanted);
  const { metadata, ...fields } = wanted;
  const keepsStatus = kind.subresources.some((subresource) => subresource.name === 'status');
  const next: KubeObject = {
    ...(keepsStatus ? replaceField({ ...fields, metadata } as KubeObject, 'status', current['status']) : fields),
    apiVersion: current.apiVersion,
    kind: current.kind,
    metadata: withServerFields(metadata, current.metadata),
  };
  checkMetadata(kind, current, next);
  const complete = completeObject(kind, next);
  return kind.prepareForUpdate?.(complete, current) ?? complete;
}

/** As the status strategies of Kubernetes: metadata may be written too (the kubelet labels its node so), spec may not. */
function mergeStatus(kind: AnyKind, current: KubeObject, wanted: KubeObject): KubeObject {
  const written = withFieldsOf(wanted.metadata, current.metadata, kind.metadataKeptByStatus ?? []);
  const metadata = withServerFields(written, current.metadata);
  const next = { ...replaceField(current, 'status', wanted['status']), metadata };
  checkMetadata(kind, current, next);
  const { metadata: ownMetadata, status } = completeObject(kind, next);
  // Its spec stays as it was stored, though it may lack what is a default by now or hold what is dropped by now.
  const complete = { ...replaceField(current, 'status', status), metadata: ownMetadata };
  return kind.prepareForStatusUpdate?.(complete, current) ?? complete;
}

/** Nothing but the list itself may be written (pod strategy `podEphemeralContainersStrategy` of Kubernetes). */
function mergeEphemeralContainers(kind: AnyKind, current: KubeObject, wanted: KubeObject): KubeObject {
  const { ephemeralContainers: _, ...spec } = (current['spec'] ?? {}) as Readonly<Record<string, unknown>>;
  const { ephemeralContainers } = (wanted['spec'] ?? {}) as { readonly ephemeralContainers?: unknown };
  const next = ephemeralContainers === undefined ? spec : { ...spec, ephemeralContainers };
  return completeObject(kind, replaceField(current, 'spec', next));
}

/** Metadata that only the server writes; what a client sends for it is passed over. */
const serverFields = [
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'managedFields',
  'resourceVersion',
  'selfLink',
] as const;

function withServerFields(sent: ObjectMeta, current: ObjectMeta): ObjectMeta {
  return withFieldsOf(sent, current, serverFields);
}

/** What a client may say about a new object. */
export function withoutServerFields(sent: ObjectMeta): ObjectMeta {
  return withFieldsOf(sent, {}, serverFields);
}

/** `sent` with these fields as they are in `current`. */
function withFieldsOf(sent: ObjectMeta, current: ObjectMeta, fields: readonly (keyof ObjectMeta)[]): ObjectMeta {
  const names: ReadonlySet<string> = new Set(fields);
  const others = Object.entries(sent).filter(([field]) => !names.has(field));
  const kept = fields.filter((field) => current[field] !== undefined).map((field) => [field, current[field]]);
  return Object.fromEntries([...others, ...kept]);
}

function replaceField(object: KubeObject, field: 'spec' | 'status', value: unknown): KubeObject {
  const { [field]: _, ...rest } = object;
  return (value === undefined ? rest : { ...rest, [field]: value }) as KubeObject;
}

function checkMetadata(kind: AnyKind, current: KubeObject, next: KubeObject): void {
  const { name = '', namespace } = current.metadata;
  for (const field of ['name', 'namespace'] as const) {
    if (next.metadata[field] === current.metadata[field]) continue;
    throw invalid(kind, name, [
      {
        field: `metadata.${field}`,
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(next.metadata[field] ?? namespace)}: field is immutable`,
      },
    ]);
  }
  if (current.metadata.deletionTimestamp === undefined) return;
  const before = new Set(current.metadata.finalizers ?? []);
  const added = (next.metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
  if (added.length === 0) return;
  const listed = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
  throw invalid(kind, name, [
    {
      field: 'metadata.finalizers',
      reason: 'FieldValueForbidden',
      message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${listed}}`,
    },
  ]);
}
