/** How many pods those who made some pods want together: the whole of which a budget's percentages are parts. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { KubeObject, OwnerReference } from '../../api/meta.ts';
import type { GroupVersionResource, ObjectClient, ObjectKey } from '../../api/object-client.ts';
import type { KindDescription } from '../../api/schema/kind.ts';
import { findKindByName } from '../../api/scheme.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { controllerOf } from '../ownership/owner.ts';

export interface Scale {
  readonly wanted: number;
  /** Pods that nobody makes; they are in no number. */
  readonly unmanaged: readonly Pod[];
}

/**
 * The sum over the owners of the pods, each counted once; for ReplicaSets of a Deployment the Deployment counts.
 *
 * @throws Error with a sentence for the budget's condition when an owner is gone or has no number of replicas;
 *   StatusError for what may work later
 */
export async function readScale(client: Pick<ObjectClient, 'get'>, pods: readonly Pod[]): Promise<Scale> {
  const wantedBy = new Map<string, number>();
  const seen = new Set<string>();
  const unmanaged: Pod[] = [];
  for (const pod of pods) {
    const controller = controllerOf(pod);
    if (controller === undefined) unmanaged.push(pod);
    else if (!seen.has(controller.uid)) {
      seen.add(controller.uid);
      const owner = await readOwner(client, controller, pod.metadata.namespace);
      if (owner === undefined) throw new Error(`found no controllers for pod ${JSON.stringify(pod.metadata.name)}`);
      wantedBy.set(owner.uid, owner.wanted);
    }
  }
  return { wanted: [...wantedBy.values()].reduce((sum, wanted) => sum + wanted, 0), unmanaged };
}

interface Owner {
  readonly uid: string;
  readonly wanted: number;
}

/** Undefined when it is gone, or another one has its name. */
async function readOwner(
  client: Pick<ObjectClient, 'get'>,
  reference: OwnerReference,
  namespace: string | undefined,
): Promise<Owner | undefined> {
  const kind = findKindByName(reference.apiVersion, reference.kind);
  if (kind === undefined) {
    throw new Error(`no matches for kind ${JSON.stringify(reference.kind)} in version "${reference.apiVersion}"`);
  }
  const object = await find(client, kind, { name: reference.name, ...(namespace ? { namespace } : {}) });
  if (object?.metadata.uid !== reference.uid) return undefined;
  const above = controllerOf(object);
  if (above !== undefined && findKindByName(above.apiVersion, above.kind)?.scale) {
    return readOwner(client, above, namespace);
  }
  return { uid: reference.uid, wanted: wantedOf(kind, object) };
}

async function find(
  client: Pick<ObjectClient, 'get'>,
  resource: GroupVersionResource,
  key: ObjectKey,
): Promise<KubeObject | undefined> {
  try {
    return await client.get<KubeObject>(resource, key);
  } catch (error) {
    if (isStatusError(error, 'NotFound')) return undefined;
    throw error;
  }
}

function wantedOf(kind: KindDescription, object: KubeObject): number {
  if (!kind.scale) {
    const resource = kind.group === '' ? kind.resource : `${kind.resource}.${kind.group}`;
    throw new Error(`${resource} does not implement the scale subresource`);
  }
  return kind.scale.read(object).wanted;
}
