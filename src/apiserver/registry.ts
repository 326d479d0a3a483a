/**
 * The one path by which objects are read and written (design D13), whoever asks: HTTP
 * requests, the agent and the controllers inside the daemon, and the sources of desired state.
 *
 * Guaranteed: an object that comes out is complete (defaults, metadata, resourceVersion); one
 * that went in was decoded, defaulted and validated by its kind's description; a write is
 * compare-and-swap on the store; a write that changes nothing is none. It keeps no state of its own but who waits for whom.
 * Not here: who may do what (`authz.ts`), the wire (`server.ts`).
 */
import { randomUUID } from 'node:crypto';
import { podKind } from '../api/kinds/pod/pod.ts';
import type { Scale } from '../api/kinds/scale.ts';
import type { KubeList, KubeObject } from '../api/meta.ts';
import type { DeleteOptions, ObjectKey, PatchType } from '../api/object-client.ts';
import { apiVersionOf } from '../api/scheme.ts';
import type { Clock } from '../lib/clock.ts';
import { KeyedMutex } from '../lib/keyed-mutex.ts';
import { isStatusError } from '../lib/status-error.ts';
import type { Store } from '../store/store.ts';
import type { UserInfo } from './identity.ts';
import type { Admission, AdmissionCheck } from './registry/admission.ts';
import { type Apply, applyObject } from './registry/apply.ts';
import type { AnyKind, RegistryDeps, WriteContext } from './registry/context.ts';
import { createObject } from './registry/create.ts';
import { decodeObject } from './registry/decode-object.ts';
import { type Deleted, deleteObject } from './registry/delete.ts';
import type { DeletionStep } from './registry/deletion-step.ts';
import { methodNotSupported } from './registry/errors.ts';
import { type Eviction, type EvictionRequest, evictPod } from './registry/evict.ts';
import { randomSuffix } from './registry/generate-name.ts';
import { type ListEnd, type ListReader, type ListRequest, readList } from './registry/list.ts';
import { loadObject } from './registry/load.ts';
import { checkMatchesUrl } from './registry/matches-url.ts';
import { patchObject } from './registry/patch.ts';
import { checkMayReplaceImages } from './registry/replace-images.ts';
import { checkMayEnter, checkRoleGrants } from './registry/role-grants.ts';
import { applyScale, changeScale, readScale, type ScaleChange } from './registry/scale.ts';
import { bindPod } from './registry/schedule-pod.ts';
import type { SelectionOptions } from './registry/selection.ts';
import { updateObject } from './registry/update.ts';
import { type RegistryWatchEvent, type WatchRequest, watchObjects } from './registry/watch.ts';

export interface RegistryOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** The one node of this device. */
  readonly nodeName: string;
  /** See `RegistryDeps.placePod`. Default: every new pod is bound to the node. */
  readonly placePod?: (pod: KubeObject) => string | undefined;
  /** See `RegistryDeps.takePodPlace`. Default: there is no bound. */
  readonly takePodPlace?: (pod: KubeObject) => () => void;
  /** See `RegistryDeps.deletionStep`. Default: nothing. */
  readonly deletionStep?: DeletionStep;
  /** Default: random UUIDs. */
  readonly newUid?: () => string;
  /** Default: five random letters or digits. */
  readonly newNameSuffix?: () => string;
  /** Default: none. */
  readonly admission?: readonly Admission[];
  /** Default: none. */
  readonly admissionChecks?: readonly AdmissionCheck[];
}

export class Registry {
  readonly #deps: RegistryDeps;

  constructor(options: RegistryOptions) {
    const placePod = (): string => options.nodeName;
    const takePodPlace = () => () => {};
    this.#deps = {
      newUid: randomUUID,
      newNameSuffix: randomSuffix,
      placePod,
      takePodPlace,
      admission: [],
      admissionChecks: [],
      deletionStep: (_deletion, proceed) => proceed(),
      quotaTurns: new KeyedMutex(),
      ...options,
    };
  }

  /** @throws StatusError NotFound */
  async get(kind: AnyKind, key: ObjectKey): Promise<KubeObject> {
    return (await loadObject(this.#deps, kind, key)).object;
  }

  /** As `checkMayEnter`: whether `user` may have what a pod's service account has. */
  checkMayEnter(pod: KubeObject, user: UserInfo): Promise<void> {
    return checkMayEnter(this.#deps, podKind, pod, user);
  }

  /** As `checkRoleGrants` for a new object, also for one that is not written now, or not by `user` himself. */
  checkRoleGrants(kind: AnyKind, object: KubeObject, user: UserInfo): Promise<void> {
    return checkRoleGrants(this.#deps, kind, object, undefined, { user });
  }

  /** As `checkMayReplaceImages`: whether `user` may give these names to other images. */
  checkMayReplaceImages(kind: AnyKind, names: readonly string[], user: UserInfo): Promise<void> {
    return checkMayReplaceImages(this.#deps, kind, names, user);
  }

  /** The list, page by page, for whoever writes it to a wire. Errors as `readList`. */
  readList(kind: AnyKind, request: ListRequest): ListReader {
    return readList(this.#deps, kind, request);
  }

  /** The whole list, or as much of it as `limit` asks for. */
  async list(kind: AnyKind, request: ListRequest = {}): Promise<KubeList> {
    const reader = this.readList(kind, request);
    const items: KubeObject[] = [];
    for (;;) {
      const page = await reader.next();
      if (page.done) return { ...listType(kind), metadata: listMetadata(page.value), items };
      items.push(...page.value);
    }
  }

  /** Ends when `signal` aborts; throws Expired when the history asked for is gone. */
  watch(kind: AnyKind, request: WatchRequest, signal: AbortSignal): AsyncIterable<RegistryWatchEvent> {
    return watchObjects(this.#deps, kind, request, signal);
  }

  /** @param namespace of the URL; for the daemon's own code the object's namespace will do */
  create(kind: AnyKind, namespace: string | undefined, body: unknown, context: WriteContext): Promise<KubeObject> {
    requireVerb(kind, 'create');
    return createObject(this.#deps, kind, namespace, body, context);
  }

  /** Makes an object of a kind that clients can only read: the daemon's own code does. Errors as `create`. */
  createOwn(kind: AnyKind, body: KubeObject, context: WriteContext): Promise<KubeObject> {
    return createObject(this.#deps, kind, undefined, body, context);
  }

  /** Replaces the object (or, with `subresource`, its status or finalizers). */
  async update(
    kind: AnyKind,
    key: ObjectKey,
    body: unknown,
    context: WriteContext,
    subresource?: string,
  ): Promise<{ readonly object: KubeObject; readonly created: boolean }> {
    requireVerb(kind, 'update');
    const sent = checkMatchesUrl(decodeObject(kind, body, context), key);
    const change = { key, ...(subresource ? { subresource } : {}), change: () => sent };
    try {
      return { object: (await updateObject(this.#deps, kind, change, context)).object, created: false };
    } catch (error) {
      if (!isStatusError(error, 'NotFound') || !mayCreateOnUpdate(kind, sent)) throw error;
      return { object: await createObject(this.#deps, kind, key.namespace, sent, context), created: true };
    }
  }

  /** Changes the object by a patch, again and again until nobody was faster. */
  async patch(
    kind: AnyKind,
    key: ObjectKey,
    patch: { readonly type: Exclude<PatchType, 'apply'>; readonly body: unknown },
    context: WriteContext,
    subresource?: string,
  ): Promise<KubeObject> {
    requireVerb(kind, 'patch');
    const once = warnOnce(context);
    const updated = await updateObject(
      this.#deps,
      kind,
      {
        key,
        ...(subresource ? { subresource } : {}),
        change: (current) => patchObject(kind, current, patch.type, patch.body, once),
      },
      context,
    );
    return updated.object;
  }

  /** The object's replicas. @throws StatusError NotFound, also for a kind without replicas */
  readScale(kind: AnyKind, key: ObjectKey): Promise<Scale> {
    return readScale(this.#deps, kind, key);
  }

  /** Changes the number of replicas; errors as `update`. */
  changeScale(kind: AnyKind, key: ObjectKey, change: ScaleChange, context: WriteContext): Promise<Scale> {
    return changeScale(this.#deps, kind, key, change, context);
  }

  /** Binds a pod to a node, once: `pods/binding`. Errors as `bindPod`. */
  bindPod(key: ObjectKey, binding: { readonly nodeName: string; readonly uid?: string }): Promise<KubeObject> {
    return bindPod(this.#deps, podKind, key, binding);
  }

  /** Deletes a pod as its disruption budget allows: `pods/eviction`. Errors as `evictPod`. */
  evictPod(request: EvictionRequest, context: WriteContext): Promise<Eviction> {
    return evictPod(this.#deps, podKind, request, context);
  }

  /** Server-side apply of the number of replicas. */
  applyScale(kind: AnyKind, apply: Omit<Apply, 'subresource'>, context: WriteContext): Promise<Scale> {
    return applyScale(this.#deps, kind, apply, context);
  }

  /** Server-side apply: creates the object or makes it as the configuration says. */
  apply(
    kind: AnyKind,
    apply: Apply,
    context: WriteContext,
  ): Promise<{ readonly object: KubeObject; readonly created: boolean }> {
    requireVerb(kind, 'patch');
    return applyObject(this.#deps, kind, apply, context);
  }

  /** Starts or shortens a deletion. @param user default: the daemon itself */
  delete(kind: AnyKind, key: ObjectKey, options: DeleteOptions = {}, user?: UserInfo): Promise<Deleted> {
    requireVerb(kind, 'delete');
    return deleteObject(this.#deps, kind, key, options, user);
  }

  /** Deletes everything that a selection matches; what somebody else deleted meanwhile is passed over. */
  async deleteCollection(
    kind: AnyKind,
    selection: SelectionOptions,
    options: DeleteOptions = {},
    user?: UserInfo,
  ): Promise<KubeList> {
    requireVerb(kind, 'deletecollection');
    const found = await this.list(kind, selection);
    const items: KubeObject[] = [];
    for (const { metadata } of found.items) {
      const { name = '', namespace } = metadata;
      try {
        const key = { name, ...(namespace ? { namespace } : {}) };
        items.push((await this.delete(kind, key, options, user)).object);
      } catch (error) {
        if (!isStatusError(error, 'NotFound')) throw error;
      }
    }
    return { ...found, items };
  }
}

/** apiVersion and kind of a kind's list. */
export function listType(kind: AnyKind): { readonly apiVersion: string; readonly kind: string } {
  return { apiVersion: apiVersionOf(kind), kind: `${kind.kind}List` };
}

/** `metadata` of a list that ended like this. */
export function listMetadata(end: ListEnd): KubeList['metadata'] {
  return {
    resourceVersion: String(end.revision),
    ...(end.continue === undefined ? {} : { continue: end.continue }),
    ...(end.remainingItemCount === undefined ? {} : { remainingItemCount: end.remainingItemCount }),
  };
}

function requireVerb(kind: AnyKind, verb: AnyKind['verbs'][number]): void {
  if (!kind.verbs.includes(verb) || kind.storage === 'none') throw methodNotSupported(kind.kind, verb);
}

/** Kubernetes lets a PUT make leases and events (AllowCreateOnUpdate). */
function mayCreateOnUpdate(kind: AnyKind, sent: KubeObject): boolean {
  return (
    (kind.resource === 'leases' || kind.resource === 'events') && !sent.metadata.resourceVersion && !sent.metadata.uid
  );
}

/** A patch that is tried again must not warn again. */
function warnOnce(context: WriteContext): WriteContext {
  const said = new Set<string>();
  return {
    ...context,
    warn: (message) => {
      if (said.has(message)) return;
      said.add(message);
      context.warn(message);
    },
  };
}
