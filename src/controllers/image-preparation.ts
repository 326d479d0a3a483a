/** What the deployment controller needs of whoever brings images onto the device. */
import type { ReplicaSet } from '../api/kinds/replica-set.ts';

export type ImagesState =
  | { readonly kind: 'Ready' }
  /** On their way, or to be tried again; `message` says what they wait for. */
  | { readonly kind: 'Waiting'; readonly message: string };

export interface ImagePreparation {
  /**
   * Whether the images of the template are on the device. When they are not, they are being fetched from now on,
   * with the pull policies, secrets and back-off of the pods to be. Never waits; cheap to ask again.
   */
  look(replicaSet: ReplicaSet): ImagesState;
  /** Stops fetching for a ReplicaSet, and forgets it. */
  forget(uid: string): void;
  /** Calls `listener` with the ReplicaSet whose state may have changed. @returns what ends it */
  onChange(listener: (replicaSet: ReplicaSet) => void): () => void;
}
