/**
 * Brings the images of a bundle into containerd, from the file as it comes. What the device has already may be left out of it.
 *
 * Everything is written under a lease, and images get their names last: whatever goes wrong before leaves nothing behind. They are
 * named by digest, so that no name changes its meaning. Runs in a child process: what it reads and hashes is large.
 */
import type { BundleDocuments, BundleImage, BundlePlatform } from '../../../api/bundle/bundle-documents.ts';
import { pinnedReference } from '../../../api/bundle/bundle-index.ts';
import { type BundleListener, readBundle } from '../../../api/bundle/read-bundle.ts';
import { type Descriptor, indexLabels, manifestLabels } from '../../../api/oci-documents.ts';
import type { Clock } from '../../../lib/clock.ts';
import { isStatusError, StatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { contentService, leaseService } from '../methods.ts';
import { bundleRef, endBundleLease, openBundleLease } from './bundle-lease.ts';
import { writeBlob } from './content-writer.ts';
import { nameImage } from './name-image.ts';

const timeoutMs = 20_000;
/** What comes over a link is written this often: a second of 1 Mbit/s is lost when it breaks. */
const sentPieceBytes = 128 * 1024;

export interface BundleImportDeps {
  readonly grpc: GrpcClient;
  readonly clock: Clock;
  /** Architectures this device runs, in OCI's words, the preferred one first. */
  readonly architectures: readonly string[];
  /** Flushes containerd's file system to disk. */
  readonly flush: (signal: AbortSignal) => Promise<void>;
  /** Keep the layers of a bundle that breaks off, for the next try. */
  readonly keepUnfinished: boolean;
}

/** What the device needs of a bundle. */
export interface BundleNeeds {
  /** Full names, by which the pods of the bundle ask for them. */
  readonly images: readonly string[];
  /** Digests of the layers that must come. */
  readonly missingLayers: readonly string[];
  /** Those of them that a try before has begun, and how many of their first bytes are here. */
  readonly begunLayers: readonly BegunLayer[];
  /** About what they take on disk, unpacked and as they are. */
  readonly neededBytes: number;
}

/** A layer of which only the rest must come. */
export interface BegunLayer {
  readonly digest: string;
  readonly bytes: number;
}

export interface BundleImportListener {
  /** Everything but the layers was read, and nothing written. What it throws ends the import. */
  onDocuments(documents: BundleDocuments, needs: BundleNeeds): Promise<void>;
  /** All of it is on disk, and has no name yet. What it throws ends the import. */
  onStored(documents: BundleDocuments, needs: BundleNeeds): Promise<void>;
}

interface ImportPlan {
  readonly chosen: readonly Chosen[];
  readonly needs: BundleNeeds;
  readonly lease: string;
  /** How its writes begin. */
  readonly ref: string;
}

/** The one architecture of an image that this device uses. */
interface Chosen {
  readonly image: BundleImage;
  readonly platform: BundlePlatform;
}

/**
 * @throws StatusError `Invalid` when it is damaged or for other architectures, with the cause `Incomplete` when a part of it is
 *   missing; what the listener throws
 */
export async function importBundle(
  deps: BundleImportDeps,
  source: AsyncIterable<Uint8Array>,
  listener: BundleImportListener,
  signal: AbortSignal,
): Promise<void> {
  const { grpc, flush } = deps;
  let plan: ImportPlan | undefined;
  const stored = new Set<string>();
  const onRest: BundleListener['onRest'] = async ({ digest, size }, fromByte, content) => {
    if (plan?.needs.missingLayers.includes(digest) !== true) return;
    const begun = plan.needs.begunLayers.find((each) => each.digest === digest);
    if (begun?.bytes !== fromByte) throw sendAnew(`of layer ${digest} other bytes are here than when it was offered`);
    const blob = {
      ref: `${plan.ref}/${digest}`,
      sizeBytes: size,
      fromByte,
      pieceBytes: sentPieceBytes,
      expectedDigest: digest,
    };
    try {
      await writeBlob(grpc, blob, content, plan.lease, signal);
    } catch (error) {
      if (!isStatusError(error, 'Invalid') || isIncomplete(error)) throw error;
      // A power cut loses what was not flushed: containerd flushes a blob when it is whole.
      await grpc.unary(contentService.abort, { ref: blob.ref }, { signal, timeoutMs });
      throw sendAnew(`what was here of layer ${digest} was damaged`);
    }
    stored.add(digest);
  };
  try {
    const { documents } = await readBundle(source, {
      onDocuments: async (found) => {
        const chosen = found.images.map((image) => ({ image, platform: choosePlatform(image, deps.architectures) }));
        const layers = new Map(chosen.flatMap(({ platform }) => platform.layers.map((layer) => [layer.digest, layer])));
        const missing: Descriptor[] = [];
        for (const layer of layers.values()) if (!(await isStored(grpc, layer.digest, signal))) missing.push(layer);
        const begun = deps.keepUnfinished ? await findBegun(grpc, bundleRef(found.digest), missing, signal) : [];
        const needs = computeNeeds(found, chosen, [...layers.values()], missing, begun);
        await listener.onDocuments(found, needs);
        const lease = await openBundleLease(deps, found.digest, signal);
        plan = { chosen, needs, lease, ref: bundleRef(found.digest) };
        for (const digest of layers.keys()) {
          if (!needs.missingLayers.includes(digest)) await holdBlob(grpc, digest, lease, signal);
        }
      },
      onLayer: async ({ digest, size }, content) => {
        if (plan?.needs.missingLayers.includes(digest) !== true) return;
        const pieces = deps.keepUnfinished ? { pieceBytes: sentPieceBytes } : {};
        const blob = { ref: `${plan.ref}/${digest}`, sizeBytes: size, ...pieces, expectedDigest: digest };
        await writeBlob(grpc, blob, content, plan.lease, signal);
        stored.add(digest);
      },
      ...(deps.keepUnfinished ? { onRest } : {}),
    });
    if (plan === undefined) throw new StatusError('InternalError', 'the bundle has no documents');
    const { chosen, needs, lease } = plan;
    const missing = needs.missingLayers.find((digest) => !stored.has(digest));
    if (missing !== undefined) throw incomplete(`the bundle is incomplete: layer ${missing} is missing`);
    for (const each of chosen) await storeDocuments(deps, documents, each, lease, signal);
    // Blobs are flushed one by one, but not the directories that they lie in: no name before all of it is on disk.
    await flush(signal);
    await listener.onStored(documents, needs);
    for (const { image, platform } of chosen) {
      // A clock that jumps ends the lease: a name for what was collected would stand for an image that cannot be started.
      for (const { digest } of platform.layers) {
        if (!(await isStored(grpc, digest, signal)))
          throw incomplete(`layer ${digest} was removed from the device meanwhile`);
      }
      await nameImage(grpc, pinnedReference(image), image.descriptor, signal);
    }
    await flush(signal);
  } catch (error) {
    // What came of one that broke off is kept for a day: the next try sends only the rest.
    const isBroken = signal.aborted || isIncomplete(error) || isStatusError(error, 'ServiceUnavailable');
    const isToGoOn = deps.keepUnfinished && isBroken;
    if (plan !== undefined && !isToGoOn) await endBundleLease(grpc, plan.lease);
    throw error;
  }
  if (plan !== undefined) await endBundleLease(grpc, plan.lease);
}

/** Hand-made images may leave the architecture out; they are taken as the device's own. */
function choosePlatform(image: BundleImage, architectures: readonly string[]): BundlePlatform {
  for (const wanted of [...architectures, '']) {
    const platform = image.platforms.find(({ architecture }) => architecture === wanted);
    if (platform !== undefined) return platform;
  }
  const present = image.platforms.map(({ architecture }) => architecture).join(', ');
  throw new StatusError(
    'Invalid',
    `${image.name} in the bundle is for ${present}, not for ${architectures[0]}, as this device needs`,
  );
}

function computeNeeds(
  { index }: BundleDocuments,
  chosen: readonly Chosen[],
  layers: readonly Descriptor[],
  missing: readonly Descriptor[],
  begunLayers: readonly BegunLayer[],
): BundleNeeds {
  const bytesOf = (some: readonly Descriptor[]): number => some.reduce((sum, { size }) => sum + size, 0);
  const architecture = chosen[0]?.platform.architecture ?? '';
  const unpackedBytes = index.unpackedBytes.get(architecture) ?? 3 * bytesOf(layers);
  const share = missing.length === 0 ? 0 : bytesOf(missing) / Math.max(1, bytesOf(layers));
  return {
    images: chosen.map(({ image }) => pinnedReference(image)),
    missingLayers: missing.map(({ digest }) => digest),
    begunLayers,
    neededBytes: bytesOf(missing) + Math.ceil(unpackedBytes * share),
  };
}

/** What tries before wrote of these layers and did not end. */
async function findBegun(
  grpc: GrpcClient,
  ref: string,
  missing: readonly Descriptor[],
  signal: AbortSignal,
): Promise<readonly BegunLayer[]> {
  const { statuses } = await grpc.unary(contentService.listStatuses, {}, { signal, timeoutMs });
  const written = new Map(statuses.map((each) => [each.ref, Number(each.offset)]));
  return missing
    .map(({ digest, size }) => ({ digest, size, bytes: written.get(`${ref}/${digest}`) ?? 0 }))
    .filter(({ bytes, size }) => bytes > 0 && bytes <= size)
    .map(({ digest, bytes }) => ({ digest, bytes }));
}

/** Whoever sends it asks again what is missing. */
function sendAnew(why: string): StatusError {
  return new StatusError('ServiceUnavailable', `${why}; it must be sent anew`);
}

async function isStored(grpc: GrpcClient, digest: string, signal: AbortSignal): Promise<boolean> {
  try {
    await grpc.unary(contentService.info, { digest }, { signal, timeoutMs });
    return true;
  } catch (error) {
    if (isStatusError(error, 'NotFound')) return false;
    throw error;
  }
}

/** Keeps a blob that is there from being collected. @throws StatusError when it was collected meanwhile */
async function holdBlob(grpc: GrpcClient, digest: string, lease: string, signal: AbortSignal): Promise<void> {
  const resource = { id: digest, type: 'content' };
  await grpc.unary(leaseService.addResource, { id: lease, resource }, { signal, timeoutMs });
  // A lease may name what is not there.
  if (!(await isStored(grpc, digest, signal)))
    throw incomplete(`layer ${digest} was removed from the device meanwhile`);
}

async function storeDocuments(
  { grpc }: BundleImportDeps,
  documents: BundleDocuments,
  { image, platform }: Chosen,
  lease: string,
  signal: AbortSignal,
): Promise<void> {
  const store = async ({ digest }: Descriptor, labels: Readonly<Record<string, string>> = {}): Promise<void> => {
    const data = documents.data.get(digest);
    if (data === undefined) throw new StatusError('InternalError', `${digest} was not read`);
    const blob = { ref: `${lease}/${digest}`, sizeBytes: data.length, expectedDigest: digest, labels };
    const content = async function* (): AsyncGenerator<Uint8Array> {
      yield data;
    };
    await writeBlob(grpc, blob, content(), lease, signal);
    // One that was there may lack them, as when it came with other architectures.
    const paths = Object.keys(labels).map((key) => `labels.${key}`);
    if (paths.length === 0) return;
    await grpc.unary(
      contentService.update,
      { info: { digest, labels: { ...labels } }, updateMask: { paths } },
      { signal, timeoutMs },
    );
  };
  await store(platform.config);
  await store(platform.manifest, manifestLabels(platform.config, platform.layers));
  await store(image.descriptor, indexLabels([platform.manifest]));
}

/** A file that is still being copied ends too early. */
export function incomplete(message: string): StatusError {
  return new StatusError('Invalid', message, { details: { causes: [{ reason: 'Incomplete', message }] } });
}

function isIncomplete(error: unknown): boolean {
  return isStatusError(error, 'Invalid') && error.details?.causes?.[0]?.reason === 'Incomplete';
}
