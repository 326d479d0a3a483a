/** Objects over HTTPS or the unix socket: the `ObjectClient` of everything outside the daemon's own process. */
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
import { type Query, resourcePath } from './resource-path.ts';
import type { RestClient } from './rest-client.ts';

/** How the server treats fields it does not know: refuse, warn, or drop them. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface HttpObjectClientDeps {
  readonly rest: RestClient;
  /** Sent with every write; the server's own choice when left out. */
  readonly fieldValidation?: FieldValidation;
}

const contentTypeByPatch: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  // A JSON body is YAML too.
  apply: 'application/apply-patch+yaml',
};

export class HttpObjectClient implements ObjectClient {
  readonly #rest: RestClient;
  readonly #fieldValidation: FieldValidation | undefined;

  constructor(deps: HttpObjectClientDeps) {
    this.#rest = deps.rest;
    this.#fieldValidation = deps.fieldValidation;
  }

  get<T = KubeObject>(resource: GroupVersionResource, key: ObjectKey, signal?: AbortSignal): Promise<T> {
    return this.#rest.json<T>({ path: resourcePath(resource, key), signal });
  }

  list<T = KubeObject>(
    resource: GroupVersionResource,
    options: ListOptions = {},
    signal?: AbortSignal,
  ): Promise<KubeList<T>> {
    return this.#rest.json<KubeList<T>>({
      path: resourcePath(resource, { namespace: options.namespace }),
      query: listQuery(options),
      signal,
    });
  }

  async *watch<T = KubeObject>(
    resource: GroupVersionResource,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    const events = this.#rest.watch({
      path: resourcePath(resource, { namespace: options.namespace }),
      query: { ...listQuery(options), ...watchQuery(options.resourceVersion) },
      signal,
    });
    for await (const event of events) {
      switch (event.type) {
        case 'ADDED':
        case 'MODIFIED':
        case 'DELETED':
          yield { type: event.type, object: event.object as T };
          break;
        case 'BOOKMARK': {
          const revision = (event.object as KubeObject).metadata.resourceVersion;
          if (revision !== undefined) yield { type: 'BOOKMARK', resourceVersion: revision };
          break;
        }
        default:
          // A newer server may have events that mean nothing to us.
          break;
      }
    }
  }

  /** @param signal gives up; the server may have done it all the same */
  create<T = KubeObject>(
    resource: GroupVersionResource,
    object: T,
    options: WriteOptions = {},
    signal?: AbortSignal,
  ): Promise<T> {
    const { namespace, name } = keyOf(object);
    // The name is in the path only for a subresource, such as pods/binding.
    const parts =
      options.subresource === undefined ? { namespace } : { namespace, name, subresource: options.subresource };
    return this.#rest.json<T>({
      method: 'POST',
      path: resourcePath(resource, parts),
      query: this.#writeQuery(options),
      body: object,
      signal,
    });
  }

  update<T = KubeObject>(resource: GroupVersionResource, object: T, options: WriteOptions = {}): Promise<T> {
    return this.#rest.json<T>({
      method: 'PUT',
      path: resourcePath(resource, { ...keyOf(object), subresource: options.subresource }),
      query: this.#writeQuery(options),
      body: object,
    });
  }

  /** @param signal as for `create` */
  patch<T = KubeObject>(
    resource: GroupVersionResource,
    key: ObjectKey,
    type: PatchType,
    patch: unknown,
    options: WriteOptions = {},
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#rest.json<T>({
      method: 'PATCH',
      path: resourcePath(resource, { ...key, subresource: options.subresource }),
      query: { ...this.#writeQuery(options), force: options.force },
      contentType: contentTypeByPatch[type],
      body: patch,
      signal,
    });
  }

  delete<T = KubeObject>(resource: GroupVersionResource, key: ObjectKey, options: DeleteOptions = {}): Promise<T> {
    const { dryRun, ...rest } = options;
    return this.#rest.json<T>({
      method: 'DELETE',
      path: resourcePath(resource, key),
      query: { dryRun: dryRun ? 'All' : undefined },
      body: { kind: 'DeleteOptions', apiVersion: 'v1', ...rest, ...(dryRun ? { dryRun: ['All'] } : {}) },
    });
  }

  #writeQuery(options: WriteOptions): Query {
    return {
      dryRun: options.dryRun ? 'All' : undefined,
      fieldManager: options.fieldManager,
      fieldValidation: this.#fieldValidation,
    };
  }
}

/** The query of a list or watch. */
export function listQuery(options: ListOptions): Query {
  return {
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    limit: options.limit,
    continue: options.continue,
  };
}

/** What makes a list request a watch from `resourceVersion`. */
export function watchQuery(resourceVersion: string | undefined): Query {
  return { watch: true, allowWatchBookmarks: true, resourceVersion };
}

function keyOf(object: unknown): { readonly namespace: string | undefined; readonly name: string } {
  const { namespace, name } = (object as KubeObject).metadata;
  return { namespace, name: name ?? '' };
}
