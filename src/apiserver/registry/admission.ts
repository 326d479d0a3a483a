/**
 * Admission: rules about new objects that look at other objects. Each step sees the object after its defaults and
 * before its validation, and gives it back, changed or not, or refuses it. Each check sees it after its validation, as it
 * is to be stored, and lets it pass or refuses it. Both stand in `src/apiserver/admission/`.
 */
import type { KubeObject } from '../../api/meta.ts';
import type { GroupVersionResource, ObjectKey } from '../../api/object-client.ts';
import { findKind } from '../../api/scheme.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import type { AnyKind, RegistryDeps, WriteContext } from './context.ts';
import { readAll } from './list.ts';
import { loadObject } from './load.ts';

/** What steps may ask of the registry that they stand in. */
export interface AdmissionTools {
  /** Another object; undefined when there is none. */
  find<T = KubeObject>(resource: GroupVersionResource, key: ObjectKey): Promise<T | undefined>;
  /** Every object of a resource of which there are few, everywhere or in one namespace, in the order of their names. */
  list<T = KubeObject>(resource: GroupVersionResource, namespace?: string): Promise<readonly T[]>;
  /** Makes an object that a new one needs; fine when somebody else was faster. Makes nothing for a dry run. */
  ensure(resource: GroupVersionResource, object: object): Promise<void>;
  readonly context: WriteContext;
}

/** @throws StatusError Forbidden when the object is not to be made */
export type Admission = (kind: AnyKind, object: KubeObject, tools: AdmissionTools) => Promise<KubeObject>;

/** @throws StatusError Forbidden when the object is not to be made */
export type AdmissionCheck = (kind: AnyKind, object: KubeObject, tools: Pick<AdmissionTools, 'list'>) => Promise<void>;

/** @param create makes another object on the same path, admission included */
export async function admit(
  deps: RegistryDeps,
  kind: AnyKind,
  object: KubeObject,
  context: WriteContext,
  create: (kind: AnyKind, namespace: string | undefined, body: unknown, context: WriteContext) => Promise<unknown>,
): Promise<KubeObject> {
  const tools: AdmissionTools = {
    context,
    find: async <T>(resource: GroupVersionResource, key: ObjectKey) => {
      try {
        return (await loadObject(deps, kindOf(resource), key)).object as T;
      } catch (error) {
        if (isStatusError(error, 'NotFound')) return undefined;
        throw error;
      }
    },
    list: listOf(deps),
    ensure: async (resource, wanted) => {
      if (context.dryRun) return;
      try {
        await create(kindOf(resource), undefined, wanted, { ...context, duplicateFields: [], warn: () => {} });
      } catch (error) {
        if (!isStatusError(error, 'AlreadyExists')) throw error;
      }
    },
  };
  let admitted = object;
  for (const step of deps.admission) admitted = await step(kind, admitted, tools);
  return admitted;
}

/** Runs every check. @throws StatusError as the first one that refuses */
export async function checkAdmission(deps: RegistryDeps, kind: AnyKind, object: KubeObject): Promise<void> {
  const tools = { list: listOf(deps) };
  for (const check of deps.admissionChecks) await check(kind, object, tools);
}

function listOf(deps: RegistryDeps): AdmissionTools['list'] {
  return async <T>(resource: GroupVersionResource, namespace?: string) =>
    (await readAll(deps, kindOf(resource), namespace)) as readonly T[];
}

function kindOf({ group, version, resource }: GroupVersionResource): AnyKind {
  const kind = findKind(group, version, resource);
  if (!kind) throw new StatusError('InternalError', `${resource} are not served`);
  return kind;
}
