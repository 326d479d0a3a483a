/** What becomes of an object, from what is known of its owners (Kubernetes' attemptToDeleteItem). Pure. */

/** `Living`: it is there, or cannot be judged. `Waiting`: it is being deleted in the foreground. `Gone`: it is not there. */
export type OwnerState = 'Living' | 'Waiting' | 'Gone';

/** Of two things that are said of one owner, what keeps more. */
export function moreAlive(one: OwnerState, other: OwnerState): OwnerState {
  if (one === 'Living' || other === 'Living') return 'Living';
  return one === 'Waiting' ? one : other;
}

export interface FateInput {
  /** By uid of each owner. */
  readonly owners: ReadonlyMap<string, OwnerState>;
  readonly finalizers: readonly string[];
  readonly hasDependents: boolean;
  /** One of its dependents waits for its own: they may wait for each other in a ring. */
  readonly hasWaitingDependents: boolean;
}

export type Fate =
  | { readonly kind: 'Stay' }
  /** It has other owners: these references go. */
  | { readonly kind: 'Leave'; readonly uids: readonly string[] }
  | {
      readonly kind: 'Delete';
      readonly propagation: 'Background' | 'Foreground' | 'Orphan';
      /** Before that, it must no longer block its owners. */
      readonly unblock: boolean;
    };

export function computeFate({ owners, finalizers, hasDependents, hasWaitingDependents }: FateInput): Fate {
  const states = [...owners.values()];
  if (owners.size === 0) return { kind: 'Stay' };
  if (states.includes('Living')) {
    const uids = [...owners].filter(([, state]) => state !== 'Living').map(([uid]) => uid);
    return uids.length === 0 ? { kind: 'Stay' } : { kind: 'Leave', uids };
  }
  if (states.includes('Waiting') && hasDependents) {
    return { kind: 'Delete', propagation: 'Foreground', unblock: hasWaitingDependents };
  }
  const propagation = finalizers.includes('orphan')
    ? 'Orphan'
    : finalizers.includes('foregroundDeletion')
      ? 'Foreground'
      : 'Background';
  return { kind: 'Delete', propagation, unblock: false };
}
