/** The layers that are in containerd's content store, by what they are unpacked and by whose images they are of. */
import { parseImageReference } from '../../../api/image-reference.ts';
import {
  type Descriptor,
  indexSchema,
  isIndex,
  layerMediaType,
  manifestSchema,
  parseDocument,
} from '../../../api/oci-documents.ts';
import type { Info } from '../../../gen/containerd/content.ts';
import { compressionMagicBytes, compressionOf } from '../../../lib/decompress.ts';
import { isStatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { readBlob, readBlobPieces } from '../images/content-reader.ts';
import { contentService, imageService } from '../methods.ts';

/** containerd's own label: what a layer is without its compression. It is set by who has computed it. */
export const uncompressedLabel = 'containerd.io/uncompressed';

const timeoutMs = 20_000;
const maxDocumentBytes = 4 * 1024 * 1024;
/** Of one call's filters. */
const filtersAtOnce = 50;

/**
 * The blobs of layers whose content was once computed: by containerd when it unpacked them, or by us. What an image's
 * configuration says of its layers counts for nothing, as whoever made the image wrote it.
 */
export async function findLayers(
  grpc: GrpcClient,
  diffIDs: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Descriptor>> {
  const found = new Map<string, Descriptor>();
  for (let start = 0; start < diffIDs.length; start += filtersAtOnce) {
    const filters = diffIDs
      .slice(start, start + filtersAtOnce)
      .flatMap((diffID) => [`labels."${uncompressedLabel}"==${diffID}`, `digest==${diffID}`]);
    for (const { digest, size, labels } of await listBlobs(grpc, filters, signal)) {
      const diffID = labels[uncompressedLabel] ?? digest;
      if (!diffIDs.includes(diffID) || found.has(diffID)) continue;
      try {
        found.set(diffID, await describe(grpc, digest, Number(size), signal));
      } catch (error) {
        // Collected since it was listed. One that is here and cannot be read is not to be sent again in vain.
        if (!isStatusError(error, 'NotFound')) throw error;
      }
    }
  }
  return found;
}

/** A layer that is here. */
export interface StoredLayer {
  readonly blob: Descriptor;
  /** Whether an image of the repository that was asked for has it. */
  readonly isRelative: boolean;
  /** Where it stands among the layers of its image; 0 without one. */
  readonly index: number;
}

/**
 * Every layer once, those of the repository of `image` first, newer images before older ones; at the end those that were pushed
 * for an image that is not complete yet.
 */
export async function listStoredLayers(
  grpc: GrpcClient,
  image: string,
  signal: AbortSignal,
): Promise<readonly StoredLayer[]> {
  const { images } = await grpc.unary(imageService.list, {}, { signal, timeoutMs });
  const ours = repositoryOf(image);
  const sorted = images
    .map(({ name, target, updatedAt }) => ({
      target,
      isRelative: ours !== undefined && repositoryOf(name) === ours,
      atSeconds: Number(updatedAt?.seconds ?? 0n),
    }))
    .sort((a, b) => Number(b.isRelative) - Number(a.isRelative) || b.atSeconds - a.atSeconds);
  const layers = new Map<string, StoredLayer>();
  const seen = new Set<string>();
  for (const { target, isRelative } of sorted) {
    if (target === undefined || seen.has(target.digest)) continue;
    seen.add(target.digest);
    const blobs = await layersOf(grpc, { ...target, size: Number(target.size), annotations: {} }, signal);
    for (const [index, blob] of blobs.entries()) {
      if (!layers.has(blob.digest)) layers.set(blob.digest, { blob, isRelative, index });
    }
  }
  for (const { digest, size } of await listBlobs(grpc, [`labels."${uncompressedLabel}"`], signal)) {
    if (layers.has(digest)) continue;
    try {
      layers.set(digest, { blob: await describe(grpc, digest, Number(size), signal), isRelative: false, index: 0 });
    } catch (error) {
      if (!isLostLayer(error, signal)) throw error;
    }
  }
  return [...layers.values()];
}

/**
 * Whether one layer or manifest cannot be read: damaged, on a bad block, or collected meanwhile. A push does without it. Not so
 * when the runtime is down, or nobody waits any more.
 */
export function isLostLayer(error: unknown, signal: AbortSignal): boolean {
  return !signal.aborted && !isStatusError(error, 'ServiceUnavailable');
}

async function layersOf(grpc: GrpcClient, target: Descriptor, signal: AbortSignal): Promise<readonly Descriptor[]> {
  try {
    const data = await readBlob(grpc, target.digest, maxDocumentBytes, signal);
    if (!isIndex(target.mediaType)) return parseDocument(manifestSchema, target.digest, data).layers;
    const { manifests } = parseDocument(indexSchema, target.digest, data);
    const layers: Descriptor[] = [];
    for (const manifest of manifests) {
      if (!isIndex(manifest.mediaType)) layers.push(...(await layersOf(grpc, manifest, signal)));
    }
    return layers;
  } catch (error) {
    // Of an index not every manifest need be here, and what cannot be read has nothing for us.
    if (isLostLayer(error, signal)) return [];
    throw error;
  }
}

async function describe(grpc: GrpcClient, digest: string, size: number, signal: AbortSignal): Promise<Descriptor> {
  let head = Buffer.alloc(0);
  for await (const piece of readBlobPieces(grpc, digest, Math.min(size, compressionMagicBytes), signal)) {
    head = Buffer.concat([head, piece]);
  }
  return { mediaType: layerMediaType[compressionOf(head)], digest, size, annotations: {} };
}

async function listBlobs(grpc: GrpcClient, filters: readonly string[], signal: AbortSignal): Promise<Info[]> {
  const found: Info[] = [];
  const answers = grpc.serverStream(contentService.list, { filters: [...filters] }, { signal, timeoutMs });
  for await (const { info } of answers) found.push(...info);
  return found;
}

/** Undefined for an id. */
function repositoryOf(name: string): string | undefined {
  try {
    const { domain, path } = parseImageReference(name);
    return `${domain}/${path}`;
  } catch {
    return undefined;
  }
}
