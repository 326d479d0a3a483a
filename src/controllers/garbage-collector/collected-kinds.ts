/** Which kinds the garbage collector follows, and how little of their objects it keeps. */
import type { ObjectMeta } from '../../api/meta.ts';
import type { GroupVersionResource } from '../../api/object-client.ts';
import type { KindDescription } from '../../api/schema/kind.ts';
import type { ObjectSource } from '../object-source.ts';
import type { CollectedKind } from './garbage-collector.ts';

type Source = ObjectSource<{ readonly metadata: ObjectMeta }>;

/**
 * Every kind that is stored and can be followed and deleted, but for events: they own nothing and go by their age.
 *
 * @param known copies that there are already, by `group/resource`
 * @param follow makes a copy of the others' metadata
 */
export function collectedKinds(
  kinds: readonly KindDescription[],
  known: ReadonlyMap<string, Source>,
  follow: (resource: GroupVersionResource) => Source,
): CollectedKind[] {
  return kinds
    .filter(({ storage, verbs, resource }) => storage !== 'none' && resource !== 'events' && verbs.includes('watch'))
    .filter(({ verbs }) => verbs.includes('delete'))
    .map(({ group, version, resource, kind, namespaced, storage }) => {
      const gvr = { group, version, resource };
      const source = known.get(`${group}/${resource}`) ?? follow(gvr);
      return { resource: gvr, kind, namespaced, endsWithBoot: storage === 'observation', source };
    });
}

/** What a copy for the garbage collector keeps of an object. */
export function ownershipOf(object: unknown): { readonly metadata: ObjectMeta } {
  const { metadata } = object as { readonly metadata: ObjectMeta };
  const { name, namespace, uid, resourceVersion, ownerReferences, finalizers, deletionTimestamp } = metadata;
  return {
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
  };
}
