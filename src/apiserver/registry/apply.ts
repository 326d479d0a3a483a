/**
 * Server-side apply: PATCH with `application/apply-patch+yaml`. Who owns what afterwards is decided by
 * `api/managed-fields/apply-configuration.ts`; here the configuration is read and the result stored.
 */
import { lastAppliedAnnotation, lastAppliedText, readLastApplied } from '../../api/last-applied.ts';
import { applyConfiguration } from '../../api/managed-fields/apply-configuration.ts';
import { problemsOfApplied } from '../../api/managed-fields/check-applied.ts';
import { compareFields } from '../../api/managed-fields/compare-fields.ts';
import { difference, emptySet, type FieldSet } from '../../api/managed-fields/field-set.ts';
import { fieldsOf } from '../../api/managed-fields/fields-of.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectKey } from '../../api/object-client.ts';
import { decodeJson } from '../../api/schema/decode-json.ts';
import { apiVersionOf } from '../../api/scheme.ts';
import { formatTime } from '../../lib/clock.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { completeObject } from './complete-object.ts';
import type { AnyKind, RegistryDeps, WriteContext } from './context.ts';
import { createObject } from './create.ts';
import { decodeObject, reportDoubtful } from './decode-object.ts';
import { conflict, methodNotSupported, staleVersion } from './errors.ts';
import { checkMatchesUrl } from './matches-url.ts';
import { updateObject } from './update.ts';

export interface Apply {
  readonly key: ObjectKey;
  /** Undefined for the object itself. */
  readonly subresource?: string | undefined;
  readonly body: unknown;
  /** Take fields that others own. */
  readonly force: boolean;
  /** Called before an object is created: whoever may patch may not always create. @throws StatusError Forbidden */
  readonly requireCreate?: (() => void) | undefined;
}

/** kubectl's manager, for which Kubernetes keeps the annotation of client-side apply true. */
const kubectl = 'kubectl';
/** Kubernetes' TotalAnnotationSizeLimitB. */
const maxAnnotationBytes = 256 * 1024;
/** How often an object that is made and deleted all the time is looked for again. */
const maxAttempts = 5;

/**
 * Creates the object or makes it as the configuration says.
 *
 * @throws StatusError Conflict (others own it, or another resourceVersion or uid), BadRequest, Invalid, NotFound (for a
 *   subresource, or the namespace)
 */
export async function applyObject(
  deps: RegistryDeps,
  kind: AnyKind,
  apply: Apply,
  context: WriteContext,
): Promise<{ readonly object: KubeObject; readonly created: boolean }> {
  const applied = readConfiguration(kind, apply);
  reportDoubtful(kind, [], context);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const change = (live: KubeObject): KubeObject => result(deps, kind, { apply, applied, live }, context);
      const { key, subresource } = apply;
      const update = { key, ...(subresource ? { subresource } : {}), change, operation: 'Apply' } as const;
      return { object: (await updateObject(deps, kind, update, context)).object, created: false };
    } catch (error) {
      if (!isStatusError(error, 'NotFound') || apply.subresource) throw error;
    }
    try {
      return { object: await create(deps, kind, { apply, applied }, context), created: true };
    } catch (error) {
      if (!isStatusError(error, 'AlreadyExists') || attempt === maxAttempts) throw error;
    }
  }
}

interface Step {
  readonly apply: Apply;
  readonly applied: KubeObject;
  /** Undefined when there is none yet. */
  readonly live?: KubeObject;
}

async function create(deps: RegistryDeps, kind: AnyKind, step: Step, context: WriteContext): Promise<KubeObject> {
  const { apply } = step;
  const { uid, resourceVersion } = step.applied.metadata;
  apply.requireCreate?.();
  if (!kind.verbs.includes('create')) throw methodNotSupported(kind.kind, 'create');
  if (uid) {
    throw conflict(
      kind,
      apply.key.name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    );
  }
  if (resourceVersion && resourceVersion !== '0') throw staleVersion(kind, apply.key.name);
  const said = { ...context, duplicateFields: [] };
  return createObject(deps, kind, apply.key.namespace, result(deps, kind, step, context), said, 'Apply');
}

/** The object that the client wants, with its owners. */
function result(deps: RegistryDeps, kind: AnyKind, { apply, applied, live }: Step, context: WriteContext): KubeObject {
  const isKubectl = context.fieldManager === kubectl;
  const silently = { ...context, duplicateFields: [], fieldValidation: 'Ignore' } as const;
  const object = applyConfiguration({
    type: kind.fields,
    live,
    applied,
    manager: context.fieldManager,
    force: apply.force,
    ...(isKubectl && live ? { mayTake: () => clientSideFields(kind, live) } : {}),
    subresource: apply.subresource,
    metadataKeptByStatus: kind.metadataKeptByStatus,
    time: formatTime(deps.clock.now()),
    normalize: (merged) => decodeObject(kind, merged, silently),
    complete: (next) => completeObject(kind, next),
  });
  return checkMatchesUrl(isKubectl ? withTrueAnnotation(object, apply.body as KubeObject) : object, apply.key);
}

/** The configuration with canonical values, nulls and zeros kept. @throws StatusError BadRequest */
export function readConfiguration(kind: AnyKind, { body, key }: Pick<Apply, 'body' | 'key'>): KubeObject {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new StatusError('BadRequest', 'error decoding YAML: the applied configuration must be an object');
  }
  const sent = body as Readonly<Record<string, unknown>>;
  const apiVersion = apiVersionOf(kind);
  if (sent['apiVersion'] !== apiVersion) {
    throw new StatusError(
      'BadRequest',
      `Incorrect version specified in apply patch. Specified patch version: ${textOf(sent['apiVersion'])}, expected: ${apiVersion}`,
    );
  }
  const [group = '', version = ''] = kind.group === '' ? ['', apiVersion] : apiVersion.split('/');
  if (sent['kind'] !== kind.kind) {
    throw new StatusError('BadRequest', `no corresponding type for ${group}/${version}, Kind=${textOf(sent['kind'])}`);
  }
  const metadata = (sent['metadata'] ?? {}) as { readonly managedFields?: unknown };
  if (metadata.managedFields !== undefined && metadata.managedFields !== null) {
    throw new StatusError('BadRequest', 'metadata.managedFields must be nil');
  }
  const problems = problemsOfApplied(kind.fields, sent);
  if (problems.length > 0) {
    const name = key.namespace ? `${key.namespace}/${key.name}` : `/${key.name}`;
    const all = problems.length === 1 ? problems[0] : `errors:\n${problems.map((each) => `  ${each}`).join('\n')}`;
    throw new StatusError(
      'BadRequest',
      `failed to create typed patch object (${name}; ${group === '' ? '' : group}/${version}, Kind=${kind.kind}): ${all}`,
    );
  }
  const { value } = decodeJson(kind.fields, sent, kind.kind, { keepsUnset: true });
  return { ...value, apiVersion, kind: kind.kind, metadata: value['metadata'] ?? {} } as KubeObject;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/**
 * What a client-side apply of kubectl set and nobody has changed since: a server-side one goes on with it, though the
 * fields are owned by another manager.
 */
function clientSideFields(kind: AnyKind, live: KubeObject): FieldSet {
  try {
    const { value } = decodeJson(kind.fields, readLastApplied(live), kind.kind, { keepsUnset: true });
    if (value['apiVersion'] !== live.apiVersion) return emptySet;
    const { added, modified, removed } = compareFields(kind.fields, value, live);
    return [modified, added, removed].reduce(difference, fieldsOf(kind.fields, value));
  } catch (error) {
    // Anybody may write anything into an annotation.
    if (isStatusError(error)) return emptySet;
    throw error;
  }
}

/** An annotation of a client-side apply says what was applied last, whoever looks at it next. */
function withTrueAnnotation(object: KubeObject, sent: KubeObject): KubeObject {
  const { [lastAppliedAnnotation]: before, ...others } = object.metadata.annotations ?? {};
  if (!before) return object;
  const text = lastAppliedText({ ...sent, metadata: sent.metadata ?? {} });
  const size = Object.entries({ ...others, [lastAppliedAnnotation]: text }).reduce(
    (total, [key, value]) => total + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  const annotations = size > maxAnnotationBytes ? others : { ...others, [lastAppliedAnnotation]: text };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
