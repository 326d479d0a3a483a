/** Who owns an object: `metadata.ownerReferences`, of which at most one is the controller's. */
import type { KubeObject, ObjectMeta, OwnerReference } from '../../api/meta.ts';

type Owned = { readonly metadata: ObjectMeta };

/** The reference to the object that makes and ends this one; undefined when nobody does. */
export function controllerOf({ metadata }: Owned): OwnerReference | undefined {
  return metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** Whether `owner`, this very one and not an earlier one of its name, controls `object`. */
export function isControlledBy(object: Owned, owner: Owned): boolean {
  const uid = controllerOf(object)?.uid;
  return uid !== undefined && uid === owner.metadata.uid;
}

/** The reference by which a controller claims what it makes; deleting in the foreground waits for it. */
export function controllerReference(owner: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>): OwnerReference {
  const { name = '', uid = '' } = owner.metadata;
  return { apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true };
}
