/** Which resources a namespace is emptied of. */
import type { GroupVersionResource } from '../api/object-client.ts';
import type { KindDescription } from '../api/schema/kind.ts';

/** The namespaced resources among `kinds` that can be listed and deleted. */
export function namespacedResources(kinds: readonly KindDescription[]): GroupVersionResource[] {
  return (
    kinds
      // Another form of a kind holds the same objects.
      .filter((kind) => kind.namespaced && kind.storage !== 'none' && kind.storedAs === undefined)
      .filter((kind) => kind.verbs.includes('list') && kind.verbs.includes('delete'))
      .map(({ group, version, resource }) => ({ group, version, resource }))
  );
}
