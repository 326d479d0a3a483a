/** Whether a bundle that was offered is taken, and what the Bundle then says. Pure. */
import { compareVersions } from '../../api/bundle/compare-versions.ts';
import type { BundleSpec } from '../../api/kinds/bundle.ts';
import { humanSize } from '../../lib/human-size.ts';
import type { Reason } from '../../lib/status-error.ts';
import type { BundleOffer } from './bundle-messages.ts';
import type { Obstacle } from './refusal.ts';

/** Left free for everything else, as logs and the daemon's own store. */
const keptFreeBytes = 16 * 1024 * 1024;
/** So many versions that failed are remembered. */
const maxFailed = 10;

/** How it came. */
export interface BundleOrigin {
  /** `API`: by a person who is let in. `Directory`: by whoever could put a file there. */
  readonly way: 'API' | 'Directory';
  /** A user, or a path. */
  readonly who: string;
  /** Also a version that is older, or that failed here. */
  readonly force: boolean;
}

export type BundleAdmission =
  | { readonly outcome: 'Take' }
  /** It is what the device runs already. */
  | { readonly outcome: 'Unchanged' }
  | { readonly outcome: 'Refuse'; readonly reason: Reason; readonly message: string; readonly obstacle: Obstacle };

type Offer = Pick<
  BundleOffer,
  'name' | 'version' | 'digest' | 'signature' | 'trustedKeys' | 'neededBytes' | 'freeBytes'
>;

/**
 * @param current what the Bundle of that name says; undefined when there is none
 * @param isKept whether all that the version `current` needs is still on the device: else it is taken again
 */
export function computeAdmission(
  current: BundleSpec | undefined,
  offer: Offer,
  origin: BundleOrigin,
  isKept: boolean,
): BundleAdmission {
  const { name, version, digest } = offer;
  // Which version runs may change too, and what failed may be forgotten. But who removes an application, or sees it taken back,
  // does not expect that a file which was refused long ago takes its place.
  const refuse = (reason: Reason, why: string, obstacle: Obstacle = 'File'): BundleAdmission => ({
    outcome: 'Refuse',
    reason,
    message: `bundle ${name}:${version} ${why}`,
    obstacle,
  });
  const distrust = whyNotTrusted(offer, origin);
  if (distrust !== undefined) {
    return refuse('Forbidden', distrust, offer.signature.state === 'Unknown' ? 'Keys' : 'File');
  }
  const isSame = current?.digest === digest;
  if (isSame && isKept && !origin.force) return { outcome: 'Unchanged' };
  const failure = current?.failed?.find((each) => each.digest === digest);
  if (failure !== undefined && !origin.force) {
    return refuse(
      'Conflict',
      `failed on this device before and was taken back: ${failure.message ?? 'no reason is known'}`,
    );
  }
  if (current !== undefined && !isSame && !origin.force) {
    const difference = compareVersions(version, current.version);
    if (difference < 0) return refuse('Conflict', `is older than ${current.version}, which the device runs`);
    if (difference === 0 && origin.way === 'Directory') {
      return refuse(
        'Conflict',
        `is another one than the ${current.version} that the device runs; give it a newer version`,
      );
    }
  }
  if (offer.neededBytes + keptFreeBytes > offer.freeBytes) {
    const [needed, free] = [humanSize(offer.neededBytes + keptFreeBytes), humanSize(offer.freeBytes)];
    return refuse('InsufficientStorage', `needs ${needed} of the device's disk, of which ${free} are free`, 'Device');
  }
  return { outcome: 'Take' };
}

/** Undefined: it may come. */
function whyNotTrusted({ signature, trustedKeys }: Offer, { way }: BundleOrigin): string | undefined {
  if (signature.state === 'Trusted') return undefined;
  if (way === 'Directory') {
    return signature.state === 'Unsigned'
      ? 'is not signed; in this directory only what a trusted key has signed is applied'
      : `is signed by key ${signature.keyId}, which this device does not trust`;
  }
  // Who is let in may do the same without a bundle; but a signature that is there must say something.
  if (signature.state === 'Unknown' && trustedKeys > 0) {
    return `is signed by key ${signature.keyId}, which this device does not trust`;
  }
  return undefined;
}

/** What the Bundle says when the offer was taken. */
export function computeNextSpec(
  current: BundleSpec | undefined,
  offer: Pick<BundleOffer, 'version' | 'digest' | 'progressDeadlineSeconds' | 'signature' | 'images'>,
  { way, who }: BundleOrigin,
): BundleSpec {
  const { version, digest, progressDeadlineSeconds, signature, images } = offer;
  const from = way === 'API' ? `user ${who}` : who;
  // One that was never proven is nothing to come back to: then it is the one before that.
  const isOther = current?.proven === true && current.digest !== digest;
  const previous = isOther ? versionOf(current) : current?.previous;
  const failed = current?.failed?.filter((each) => each.digest !== digest) ?? [];
  return {
    version,
    digest,
    progressDeadlineSeconds,
    ...(signature.state === 'Trusted' ? { signedBy: signature.keyName } : {}),
    from,
    proven: false,
    ...(images.length === 0 ? {} : { images }),
    ...(previous === undefined || previous.digest === digest ? {} : { previous }),
    ...(failed.length === 0 ? {} : { failed }),
  };
}

/** What it says when the version did not become ready in time, and another one is there to come back to. */
export function computeReturn(current: BundleSpec, message: string): BundleSpec | undefined {
  const { previous, version, digest, failed = [] } = current;
  if (previous === undefined) return undefined;
  const { signedBy: _signedBy, previous: _previous, images: _images, ...rest } = current;
  return {
    ...rest,
    version: previous.version,
    digest: previous.digest,
    ...(previous.images === undefined ? {} : { images: previous.images }),
    proven: true,
    rolledBack: true,
    failed: [...failed.filter((each) => each.digest !== digest), { version, digest, message }].slice(-maxFailed),
  };
}

function versionOf({ version, digest, images }: BundleSpec): NonNullable<BundleSpec['previous']> {
  return { version, digest, ...(images === undefined ? {} : { images }) };
}
