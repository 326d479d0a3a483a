/** What eliotd and the child that reads bundles say to each other. */
import type { SignatureState } from '../../api/bundle/signature.ts';
import type { Reason } from '../../lib/status-error.ts';
import type { Obstacle } from './refusal.ts';

/** The first message: what is to be done. */
export interface BundleQuestion {
  /** Path of the file; undefined: it comes on stdin. */
  readonly file: string | undefined;
  /** containerd's socket, its root directory, and the architectures that it runs. */
  readonly socketPath: string;
  readonly root: string;
  readonly architectures: readonly string[];
  /** Directory of `.pem` files. */
  readonly trustedKeys: string;
  /** Directory of records. */
  readonly records: string;
}

/** All but the layers was read. Any answer says to go on; without one the child waits, until nobody listens any more. */
export interface BundleOffer {
  readonly type: 'offer';
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly progressDeadlineSeconds: number;
  readonly signature: SignatureState;
  /** How many keys this device trusts. */
  readonly trustedKeys: number;
  /** A `v1 List` as JSON. */
  readonly manifests: string;
  readonly images: readonly string[];
  readonly missingLayers: readonly string[];
  /** Those of them of which only the rest must come. */
  readonly begunLayers: readonly { readonly digest: string; readonly bytes: number }[];
  readonly neededBytes: number;
  readonly freeBytes: number;
}

/** The images are on the device, and the record is written. */
export interface BundleStored {
  readonly type: 'stored';
}

export interface BundleFailed {
  readonly type: 'failed';
  readonly reason: Reason;
  readonly message: string;
  readonly obstacle: Obstacle;
}

export type BundleMessage = BundleOffer | BundleStored | BundleFailed;
