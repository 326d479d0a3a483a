/** What belongs to the end of an object beside its leaving the store: that of a Client ends who came with it. */
import type { KubeObject } from '../../api/meta.ts';
import type { DeleteOptions } from '../../api/object-client.ts';
import type { UserInfo } from '../identity.ts';
import type { AnyKind } from './context.ts';

export interface Deletion {
  readonly kind: AnyKind;
  readonly object: KubeObject;
  readonly options: DeleteOptions;
  /** Who deletes it. */
  readonly user: UserInfo;
}

/**
 * Stands around the deletion of every object: calls `proceed` once and gives its result, or refuses.
 *
 * @param proceed takes the object out of the store, or marks it when something holds it; `Conflict` when it was changed
 *   meanwhile: then nothing happened, and the step is called again with the object as it is
 * @throws StatusError Forbidden when the object must stay
 */
export type DeletionStep = <T>(deletion: Deletion, proceed: () => Promise<T | 'Conflict'>) => Promise<T | 'Conflict'>;
