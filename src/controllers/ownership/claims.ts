/**
 * Which objects belong to an owner with a selector: those that it controls and selects. One that it selects and
 * nobody controls is adopted; one that it controls and no longer selects is released (client-go's
 * ControllerRefManager).
 */
import { type LabelSelector, matchesLabels } from '../../api/labels.ts';
import type { KubeObject, ObjectMeta } from '../../api/meta.ts';
import type { GroupVersionResource, ObjectClient } from '../../api/object-client.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { controllerOf, controllerReference } from './owner.ts';

type Candidate = { readonly metadata: ObjectMeta };

export interface Claims<T> {
  /** Controlled and selected. */
  readonly owned: readonly T[];
  readonly toAdopt: readonly T[];
  readonly toRelease: readonly T[];
}

/** Pure. @param candidates objects of the owner's namespace */
export function computeClaims<T extends Candidate>(
  owner: Candidate,
  selector: LabelSelector,
  candidates: readonly T[],
): Claims<T> {
  const owned: T[] = [];
  const toAdopt: T[] = [];
  const toRelease: T[] = [];
  const isEnding = owner.metadata.deletionTimestamp !== undefined;
  for (const candidate of candidates) {
    const controller = controllerOf(candidate);
    const isSelected = matchesLabels(selector, candidate.metadata.labels);
    if (controller !== undefined) {
      if (controller.uid !== owner.metadata.uid) continue;
      // An owner that ends keeps what it has: the garbage collector decides.
      if (isSelected) owned.push(candidate);
      else if (!isEnding) toRelease.push(candidate);
    } else if (isSelected && !isEnding && candidate.metadata.deletionTimestamp === undefined) {
      toAdopt.push(candidate);
    }
  }
  return { owned, toAdopt, toRelease };
}

export interface ClaimDeps {
  readonly client: ObjectClient;
  /** What is claimed. */
  readonly resource: GroupVersionResource;
  /** What claims. */
  readonly ownerResource: GroupVersionResource;
}

/**
 * Carries the claims out and gives what the owner has then. What is gone or was taken by somebody else meanwhile
 * is passed over.
 *
 * @throws StatusError Conflict when the owner is not the one that it was: a copy may be old
 */
export async function executeClaims<T extends KubeObject>(
  { client, resource, ownerResource }: ClaimDeps,
  owner: KubeObject,
  { owned, toAdopt, toRelease }: Claims<T>,
): Promise<readonly T[]> {
  const all = [...owned];
  const uid = owner.metadata.uid ?? '';
  if (toAdopt.length > 0) await requireLiving(client, ownerResource, owner);
  for (const object of toAdopt) {
    const ownerReferences = [controllerReference(owner)];
    const adopted = await patchOwners<T>(client, resource, object, ownerReferences);
    if (adopted !== undefined) all.push(adopted);
  }
  for (const object of toRelease) await patchOwners<T>(client, resource, object, [{ $patch: 'delete', uid }]);
  return all;
}

/** Adopting for an owner that was deleted would make an orphan of what may have a new owner already. */
async function requireLiving(client: ObjectClient, resource: GroupVersionResource, owner: KubeObject): Promise<void> {
  const { name = '', namespace, uid } = owner.metadata;
  const current = await client.get<KubeObject>(resource, { name, ...(namespace ? { namespace } : {}) });
  if (current.metadata.uid === uid && current.metadata.deletionTimestamp === undefined) return;
  // Told apart from other failures by the queue: the newer version is on its way.
  throw new StatusError('Conflict', `${resource.resource} "${name}" is being deleted or was made anew`);
}

async function patchOwners<T extends KubeObject>(
  client: ObjectClient,
  resource: GroupVersionResource,
  { metadata: { name = '', namespace, uid } }: Candidate,
  ownerReferences: readonly unknown[],
): Promise<T | undefined> {
  try {
    const key = { name, ...(namespace ? { namespace } : {}) };
    return await client.patch<T>(resource, key, 'strategic', { metadata: { uid, ownerReferences } });
  } catch (error) {
    // Gone, another one by now, or (Invalid) it has a controller since.
    if (isStatusError(error, 'NotFound', 'Conflict', 'Invalid')) return undefined;
    throw error;
  }
}
