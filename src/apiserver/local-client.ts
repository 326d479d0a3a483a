/**
 * The API for the daemon's own code: same registry, same checks, no socket. Objects are
 * handed over as they are in the registry's answers and must not be changed in place.
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
import { findKind } from '../api/scheme.ts';
import { StatusError } from '../lib/status-error.ts';
import type { UserInfo } from './identity.ts';
import type { AnyKind, WriteContext } from './registry/context.ts';
import { unknownPath } from './registry/errors.ts';
import type { Registry } from './registry.ts';

/** @param user under whose name the writes are made; the user name is the default field manager */
export function createLocalClient(registry: Registry, user: UserInfo): ObjectClient {
  return new LocalClient(registry, user);
}

class LocalClient implements ObjectClient {
  readonly #registry: Registry;
  readonly #user: UserInfo;

  constructor(registry: Registry, user: UserInfo) {
    this.#registry = registry;
    this.#user = user;
  }

  async get<T = KubeObject>(resource: GroupVersionResource, key: ObjectKey): Promise<T> {
    return as<T>(await this.#registry.get(kindOf(resource), key));
  }

  async list<T = KubeObject>(resource: GroupVersionResource, options: ListOptions = {}): Promise<KubeList<T>> {
    const list = await this.#registry.list(kindOf(resource), options);
    return { ...list, items: list.items.map((item) => as<T>(item)) };
  }

  async *watch<T = KubeObject>(
    resource: GroupVersionResource,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    const request = { ...options, allowWatchBookmarks: true };
    for await (const event of this.#registry.watch(kindOf(resource), request, signal)) {
      yield event.type === 'BOOKMARK'
        ? { type: 'BOOKMARK', resourceVersion: event.resourceVersion }
        : { type: event.type, object: as<T>(event.object) };
    }
  }

  async create<T = KubeObject>(resource: GroupVersionResource, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace } = asObject(object).metadata;
    return as<T>(await this.#registry.create(kindOf(resource), namespace, object, this.#context(options)));
  }

  async update<T = KubeObject>(resource: GroupVersionResource, object: T, options: WriteOptions = {}): Promise<T> {
    const { name = '', namespace } = asObject(object).metadata;
    const key = { name, ...(namespace ? { namespace } : {}) };
    const context = this.#context(options);
    const updated = await this.#registry.update(kindOf(resource), key, object, context, options.subresource);
    return as<T>(updated.object);
  }

  async patch<T = KubeObject>(
    resource: GroupVersionResource,
    key: ObjectKey,
    type: PatchType,
    patch: unknown,
    options: WriteOptions = {},
  ): Promise<T> {
    const context = this.#context(options);
    const { subresource, force = false } = options;
    if (type === 'apply') {
      const apply = { key, subresource, body: patch, force };
      return as<T>((await this.#registry.apply(kindOf(resource), apply, context)).object);
    }
    const body = { type, body: patch };
    return as<T>(await this.#registry.patch(kindOf(resource), key, body, context, subresource));
  }

  async delete<T = KubeObject>(
    resource: GroupVersionResource,
    key: ObjectKey,
    options: DeleteOptions = {},
  ): Promise<T> {
    return as<T>((await this.#registry.delete(kindOf(resource), key, options, this.#user)).object);
  }

  #context(options: WriteOptions): WriteContext {
    return {
      user: this.#user,
      fieldManager: options.fieldManager ?? this.#user.username,
      dryRun: options.dryRun ?? false,
      fieldValidation: 'Strict',
      duplicateFields: [],
      warn: () => {},
    };
  }
}

function kindOf(resource: GroupVersionResource): AnyKind {
  const kind = findKind(resource.group, resource.version, resource.resource);
  if (!kind) throw unknownPath();
  return kind;
}

/** The registry answers objects of the kind asked for; the caller names its type. */
function as<T>(object: KubeObject): T {
  return object as T;
}

function asObject(object: unknown): KubeObject {
  if (typeof object === 'object' && object !== null && 'metadata' in object) return object as KubeObject;
  throw new StatusError('BadRequest', 'an object must have metadata');
}
