/** Addresses of resources in the Kubernetes API, and the query that goes with a request. */
import type { GroupVersionResource } from '../api/object-client.ts';

export interface PathParts {
  /** Left out for cluster-scoped resources and for all namespaces. */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** For example `/api/v1/namespaces/default/pods/web/log`. Every part is escaped. */
export function resourcePath(resource: GroupVersionResource, parts: PathParts = {}): string {
  const root = resource.group === '' ? ['api', resource.version] : ['apis', resource.group, resource.version];
  const namespace = parts.namespace ? ['namespaces', parts.namespace] : [];
  const name = parts.name === undefined ? [] : [parts.name];
  const subresource = parts.subresource === undefined ? [] : parts.subresource.split('/');
  return `/${[...root, ...namespace, resource.resource, ...name, ...subresource].map(encodeURIComponent).join('/')}`;
}

export type QueryValue = string | number | boolean | undefined | readonly string[];
export type Query = Readonly<Record<string, QueryValue>>;

/** `path?key=value…`; undefined and empty values are left out, a list repeats its key (`command=a&command=b`). */
export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue;
    if (typeof value === 'object') for (const item of value) search.append(key, item);
    else search.append(key, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}
