/** How controllers name an object in their queues: `namespace/name`, or `name` without a namespace. */
import type { ObjectMeta } from '../api/meta.ts';
import type { ObjectKey } from '../api/object-client.ts';

export function queueKey({ namespace, name = '' }: Pick<ObjectMeta, 'namespace' | 'name'>): string {
  return namespace ? `${namespace}/${name}` : name;
}

export function objectKeyOf(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
