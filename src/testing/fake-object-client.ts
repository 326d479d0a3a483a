/**
 * An API server small enough to keep in memory, behaving where controllers and sources depend on it:
 * uids, resourceVersions and Conflict, generation, finalizers, graceful deletion of pods, namespaces that are
 * Terminating, the status and finalize subresources, dry runs, label selectors, watches.
 *
 * It knows no field tables: nothing is defaulted or validated, except by `refuse`.
 */
import type { KubeList, KubeObject } from '../api/meta.ts';
import type {
  DeleteOptions,
  GroupVersionResource,
  ListOptions,
  ObjectClient,
  ObjectKey,
  PatchType,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../api/object-client.ts';
import type { Clock } from '../lib/clock.ts';
import { formatTime } from '../lib/clock.ts';
import { StatusError } from '../lib/status-error.ts';
import { MemoryStore } from '../store/memory-store.ts';
import type { Entry } from '../store/store.ts';

/** One request, as the fake saw it. */
export interface FakeRequest {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';
  readonly resource: string;
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly options: WriteOptions | DeleteOptions | undefined;
}

export class FakeObjectClient implements ObjectClient {
  /** Every request, in order. */
  readonly requests: FakeRequest[] = [];
  /** Called before each request; what it throws is the answer. */
  refuse: (request: FakeRequest, object: KubeObject | undefined) => void = () => {};

  readonly #clock: Clock;
  readonly #store = new MemoryStore();
  #uids = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async get<T = KubeObject>(resource: GroupVersionResource, key: ObjectKey): Promise<T> {
    this.#record('get', resource, key, undefined);
    return this.#decode<T>(await this.#read(resource, key));
  }

  async list<T = KubeObject>(resource: GroupVersionResource, options: ListOptions = {}): Promise<KubeList<T>> {
    this.#record('list', resource, { name: '', ...options }, undefined);
    const page = await this.#store.list(prefixOf(resource, options.namespace), {
      ...(options.limit === undefined ? {} : { limit: options.limit }),
      ...(options.continue === undefined ? {} : { after: options.continue }),
    });
    return {
      apiVersion: apiVersionOf(resource),
      kind: 'List',
      metadata: {
        resourceVersion: String(page.revision),
        ...(page.more ? { continue: page.entries.at(-1)?.key ?? '', remainingItemCount: page.remaining } : {}),
      },
      items: page.entries.filter((entry) => matches(entry, options)).map((entry) => this.#decode<T>(entry)),
    };
  }

  async *watch<T = KubeObject>(
    resource: GroupVersionResource,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    this.#record('watch', resource, { name: '', ...options }, undefined);
    const prefix = prefixOf(resource, options.namespace);
    let from = Number(options.resourceVersion);
    if (options.resourceVersion === undefined) {
      const page = await this.#store.list(prefix);
      for (const entry of page.entries)
        if (matches(entry, options)) yield { type: 'ADDED', object: this.#decode<T>(entry) };
      from = page.revision;
    }
    for await (const change of this.#store.watch(prefix, from, signal)) {
      const was = change.previous !== undefined && matches(change.previous, options);
      const is = change.type === 'put' && matches(change.entry, options);
      if (change.type === 'put' && is)
        yield { type: was ? 'MODIFIED' : 'ADDED', object: this.#decode<T>(change.entry) };
      else if (was && change.previous)
        yield { type: 'DELETED', object: this.#decode<T>(change.previous, change.revision) };
    }
  }

  async create<T = KubeObject>(resource: GroupVersionResource, object: T, options?: WriteOptions): Promise<T> {
    const sent = object as unknown as KubeObject;
    const key = keyOf(sent);
    this.#record('create', resource, key, options, sent);
    if (key.namespace !== undefined) await this.#requireNamespace(resource, key.namespace, key.name);
    if ((await this.#store.get(pathOf(resource, key))) !== undefined) {
      throw new StatusError('AlreadyExists', `${resource.resource} "${key.name}" already exists`);
    }
    this.#uids += 1;
    const isNamespace = resource.resource === 'namespaces';
    const created: KubeObject = {
      ...sent,
      metadata: {
        ...sent.metadata,
        uid: `uid-${this.#uids}`,
        creationTimestamp: formatTime(this.#clock.now()),
        generation: 1,
      },
      ...(isNamespace ? { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } } : {}),
    };
    return this.#write<T>(resource, created, 0, options);
  }

  async update<T = KubeObject>(resource: GroupVersionResource, object: T, options?: WriteOptions): Promise<T> {
    const sent = object as unknown as KubeObject;
    const key = keyOf(sent);
    this.#record('update', resource, key, options, sent);
    const entry = await this.#read(resource, key);
    const current = this.#decode<KubeObject>(entry);
    const { resourceVersion, uid } = sent.metadata;
    if ((resourceVersion ?? '') !== '' && resourceVersion !== current.metadata.resourceVersion) {
      throw conflict(
        resource,
        key,
        'the object has been modified; please apply your changes to the latest version and try again',
      );
    }
    if (uid !== undefined && uid !== current.metadata.uid)
      throw conflict(resource, key, 'Precondition failed: UID in precondition');
    const next = nextVersion(current, sent, options?.subresource);
    if (sameContent(current, next)) return current as unknown as T;
    if (isReadyToGo(resource, next)) return this.#remove<T>(resource, next, entry.revision, options);
    return this.#write<T>(resource, next, entry.revision, options);
  }

  /** JSON merge patch only. */
  async patch<T = KubeObject>(
    resource: GroupVersionResource,
    key: ObjectKey,
    type: PatchType,
    patch: unknown,
    options?: WriteOptions,
  ): Promise<T> {
    if (type !== 'merge') throw new StatusError('UnsupportedMediaType', `the fake does not do ${type} patches`);
    const current = this.#decode<KubeObject>(await this.#read(resource, key));
    return this.update<T>(resource, mergePatch(current, patch) as T, options);
  }

  async delete<T = KubeObject>(
    resource: GroupVersionResource,
    key: ObjectKey,
    options: DeleteOptions = {},
  ): Promise<T> {
    this.#record('delete', resource, key, options);
    const entry = await this.#read(resource, key);
    const current = this.#decode<KubeObject>(entry);
    const { preconditions, gracePeriodSeconds } = options;
    if (preconditions?.uid !== undefined && preconditions.uid !== current.metadata.uid) {
      throw conflict(resource, key, 'Precondition failed: UID in precondition');
    }
    const isGraceful = resource.resource === 'pods' && gracePeriodSeconds !== 0;
    const next: KubeObject = {
      ...current,
      metadata: {
        ...current.metadata,
        deletionTimestamp: current.metadata.deletionTimestamp ?? formatTime(this.#clock.now()),
        deletionGracePeriodSeconds: isGraceful ? (gracePeriodSeconds ?? 30) : 0,
      },
      ...(resource.resource === 'namespaces'
        ? { status: { ...asRecord(current['status']), phase: 'Terminating' } }
        : {}),
    };
    if (!isGraceful && isReadyToGo(resource, next)) return this.#remove<T>(resource, next, entry.revision, options);
    if (sameContent(current, next)) return current as unknown as T;
    return this.#write<T>(resource, next, entry.revision, options);
  }

  /** What a kubelet does at the end of a pod's grace: the object goes. */
  async finishPods(namespace?: string): Promise<void> {
    const resource = { group: '', version: 'v1', resource: 'pods' };
    for (const pod of (await this.list(resource, namespace === undefined ? {} : { namespace })).items) {
      if (pod.metadata.deletionTimestamp !== undefined)
        await this.delete(resource, keyOf(pod), { gracePeriodSeconds: 0 });
    }
  }

  #record(
    verb: FakeRequest['verb'],
    resource: GroupVersionResource,
    key: ObjectKey,
    options: FakeRequest['options'],
    object?: KubeObject,
  ): void {
    const { name, namespace } = key;
    const request: FakeRequest = { verb, resource: resource.resource, name: name || undefined, namespace, options };
    this.requests.push(request);
    this.refuse(request, object);
  }

  async #read(resource: GroupVersionResource, key: ObjectKey): Promise<Entry> {
    const entry = await this.#store.get(pathOf(resource, key));
    if (entry === undefined) throw notFound(resource.resource, key.name);
    return entry;
  }

  async #requireNamespace(resource: GroupVersionResource, namespace: string, name: string): Promise<void> {
    const entry = await this.#store.get(`namespaces/${namespace}`);
    if (entry === undefined) throw notFound('namespaces', namespace);
    if (this.#decode<KubeObject>(entry).metadata.deletionTimestamp === undefined) return;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw new StatusError('Forbidden', `${resource.resource} "${name}" is forbidden: ${why}`);
  }

  async #write<T>(
    resource: GroupVersionResource,
    object: KubeObject,
    expected: number,
    options: { readonly dryRun?: boolean } | undefined,
  ): Promise<T> {
    if (options?.dryRun) return object as unknown as T;
    const intent = JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: undefined } });
    const entry = await this.#store.put({ key: pathOf(resource, keyOf(object)), intent, expected });
    if (entry === 'Conflict') throw conflict(resource, keyOf(object), 'the object has been modified');
    return this.#decode<T>(entry);
  }

  async #remove<T>(
    resource: GroupVersionResource,
    object: KubeObject,
    expected: number,
    options: { readonly dryRun?: boolean } | undefined,
  ): Promise<T> {
    if (!options?.dryRun) await this.#store.delete(pathOf(resource, keyOf(object)), expected);
    return object as unknown as T;
  }

  #decode<T>(entry: Entry, revision: number = entry.revision): T {
    const object: KubeObject = JSON.parse(entry.intent ?? '{}');
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } } as unknown as T;
  }
}

/** The object as stored when `sent` replaces `current` through `subresource`: each writes only what is its own. */
function nextVersion(current: KubeObject, sent: KubeObject, subresource: string | undefined): KubeObject {
  if (subresource === 'status') return { ...current, status: sent['status'] };
  if (subresource === 'finalize') {
    const finalizers = asRecord(sent['spec'])['finalizers'];
    return { ...current, spec: { ...asRecord(current['spec']), finalizers } };
  }
  const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation = 1 } = current.metadata;
  const content = { ...sent, metadata: undefined, status: undefined };
  const before = { ...current, metadata: undefined, status: undefined };
  const next: KubeObject = {
    ...sent,
    metadata: {
      ...sent.metadata,
      ...(uid === undefined ? {} : { uid }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(deletionGracePeriodSeconds === undefined ? {} : { deletionGracePeriodSeconds }),
      generation: sameContent(content, before) ? generation : generation + 1,
    },
  };
  return current['status'] === undefined ? next : { ...next, status: current['status'] };
}

/** Whether nothing holds an object any more that is being deleted. */
function isReadyToGo(resource: GroupVersionResource, object: KubeObject): boolean {
  if (object.metadata.deletionTimestamp === undefined || (object.metadata.finalizers ?? []).length > 0) return false;
  if (resource.resource === 'pods') return object.metadata.deletionGracePeriodSeconds === 0;
  const finalizers = asRecord(object['spec'])['finalizers'];
  return resource.resource !== 'namespaces' || !Array.isArray(finalizers) || finalizers.length === 0;
}

function matches(entry: Entry, options: ListOptions): boolean {
  if (!options.labelSelector) return true;
  const object: KubeObject = JSON.parse(entry.intent ?? '{}');
  const labels = object.metadata.labels ?? {};
  return options.labelSelector.split(',').every((requirement) => {
    const [key = '', value] = requirement.split('=');
    return value === undefined ? key in labels : labels[key] === value;
  });
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged = { ...asRecord(target) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

function sameContent(a: object, b: object): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (key === 'resourceVersion') return undefined;
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function keyOf(object: KubeObject): ObjectKey {
  const { name = '', namespace } = object.metadata;
  return namespace === undefined ? { name } : { namespace, name };
}

function prefixOf(resource: GroupVersionResource, namespace: string | undefined): string {
  return namespace === undefined ? `${resource.resource}/` : `${resource.resource}/${namespace}/`;
}

function pathOf(resource: GroupVersionResource, key: ObjectKey): string {
  return `${prefixOf(resource, key.namespace)}${key.name}`;
}

function apiVersionOf({ group, version }: GroupVersionResource): string {
  return group === '' ? version : `${group}/${version}`;
}

function notFound(resource: string, name: string): StatusError {
  return new StatusError('NotFound', `${resource} "${name}" not found`, { details: { name, kind: resource } });
}

function conflict(resource: GroupVersionResource, key: ObjectKey, why: string): StatusError {
  return new StatusError('Conflict', `Operation cannot be fulfilled on ${resource.resource} "${key.name}": ${why}`);
}
