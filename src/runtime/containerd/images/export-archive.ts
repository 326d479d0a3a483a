/**
 * An image of the content store as an archive that others read: an OCI layout that is `docker save`'s form as well. Blobs
 * pass as they lie there, so that an image loaded elsewhere is the same by every digest. At most one piece of a blob is held.
 */
import { parseImageReference } from '../../../api/image-reference.ts';
import {
  configSchema,
  type Descriptor,
  indexSchema,
  isIndex,
  manifestSchema,
  nameAnnotations,
  parseDocument,
} from '../../../api/oci-documents.ts';
import { isStatusError, StatusError } from '../../../lib/status-error.ts';
import { type TarFile, tarSize, writeTar } from '../../../lib/tar/write-tar.ts';
import type { ImageArchive } from '../../runtime.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { contentService } from '../methods.ts';
import { readBlob, readBlobPieces } from './content-reader.ts';

const timeoutMs = 20_000;
/** containerd's own limit for manifests and indexes. */
const maxDocumentBytes = 4 * 1024 * 1024;
/** Images of images of images: an index of an index is as deep as any tool makes them. */
const maxDepth = 4;

export interface ExportDeps {
  readonly grpc: GrpcClient;
  /** Architectures this device runs, in OCI's words. */
  readonly architectures: readonly string[];
}

/** One image for one architecture, whole. */
interface WholeImage {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly runsHere: boolean;
}

/** What was found under a name. */
interface Found {
  /** Everything that is there, parents first, each once. */
  readonly blobs: Map<string, number>;
  readonly images: WholeImage[];
}

/**
 * @param name full name
 * @param target what it means: a manifest, or an index of some
 * @throws StatusError `NotFound` when not all of an image is there that runs here
 */
export async function exportImageArchive(
  deps: ExportDeps,
  name: string,
  target: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>,
  signal: AbortSignal,
): Promise<ImageArchive> {
  const { mediaType, digest, size } = target;
  const found: Found = { blobs: new Map(), images: [] };
  const missing = await collect(deps, found, { mediaType, digest, size, annotations: {} }, signal, 0);
  const image = found.images.find(({ runsHere }) => runsHere) ?? found.images[0];
  if (image === undefined) {
    const what = missing === undefined ? 'it holds no image' : `${missing} is not on the device`;
    throw new StatusError('NotFound', `image ${name} cannot be saved: ${what}`);
  }
  const files = [
    document('oci-layout', { imageLayoutVersion: '1.0.0' }),
    document('index.json', { schemaVersion: 2, manifests: [{ mediaType, digest, size, annotations: namesOf(name) }] }),
    document('manifest.json', [dockerEntry(name, image)]),
    ...[...found.blobs].map(
      ([digest, sizeBytes]): TarFile => ({
        name: pathOf({ digest }),
        sizeBytes,
        content: () => readBlobPieces(deps.grpc, digest, sizeBytes, signal),
      }),
    ),
  ];
  return { sizeBytes: tarSize(files), read: () => writeTar(files) };
}

/**
 * Adds what the descriptor names to `found`, when all of it is there; of an index, those of its images that are whole.
 *
 * @returns the digest of something that is missing, when nothing was added
 */
async function collect(
  deps: ExportDeps,
  found: Found,
  descriptor: Descriptor,
  signal: AbortSignal,
  depth: number,
): Promise<string | undefined> {
  const { digest } = descriptor;
  const data = await readDocument(deps, digest, signal);
  if (data === undefined) return digest;
  if (!isIndex(descriptor.mediaType)) return await collectImage(deps, found, descriptor, data, signal);
  if (depth >= maxDepth) throw new StatusError('Invalid', `${digest} is an index in too many others`);
  found.blobs.set(digest, data.length);
  let firstMissing: string | undefined;
  let added = 0;
  for (const child of parseDocument(indexSchema, digest, data).manifests) {
    const missing = await collect(deps, found, child, signal, depth + 1);
    if (missing === undefined) added += 1;
    else firstMissing ??= missing;
  }
  if (added > 0) return undefined;
  found.blobs.delete(digest);
  return firstMissing;
}

async function collectImage(
  deps: ExportDeps,
  found: Found,
  { digest }: Descriptor,
  data: Buffer,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { config, layers } = parseDocument(manifestSchema, digest, data);
  const sizes = new Map([[digest, data.length]]);
  for (const part of [config, ...layers]) {
    const sizeBytes = await sizeOf(deps.grpc, part.digest, signal);
    if (sizeBytes === undefined) return part.digest;
    sizes.set(part.digest, sizeBytes);
  }
  const configuration = await readDocument(deps, config.digest, signal);
  if (configuration === undefined) return config.digest;
  const { architecture } = parseDocument(configSchema, config.digest, configuration);
  for (const [part, sizeBytes] of sizes) found.blobs.set(part, sizeBytes);
  found.images.push({ config, layers, runsHere: architecture === '' || deps.architectures.includes(architecture) });
  return undefined;
}

/** Undefined when it is not there. */
async function readDocument({ grpc }: ExportDeps, digest: string, signal: AbortSignal): Promise<Buffer | undefined> {
  try {
    return await readBlob(grpc, digest, maxDocumentBytes, signal);
  } catch (error) {
    if (isStatusError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** Undefined when it is not there. */
async function sizeOf(grpc: GrpcClient, digest: string, signal: AbortSignal): Promise<number | undefined> {
  try {
    const { info } = await grpc.unary(contentService.info, { digest }, { signal, timeoutMs });
    return info === undefined ? undefined : Number(info.size);
  } catch (error) {
    if (isStatusError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** containerd and docker take the full name, others the standard one, which is a tag only. */
function namesOf(name: string): Readonly<Record<string, string>> {
  const { tag } = parseImageReference(name);
  return {
    [nameAnnotations.containerd]: name,
    ...(tag === undefined ? {} : { [nameAnnotations.standard]: tag }),
  };
}

/** What `docker load` reads (moby/docker-image-spec). */
function dockerEntry(name: string, { config, layers }: WholeImage): unknown {
  const isTagged = parseImageReference(name).tag !== undefined;
  return { Config: pathOf(config), RepoTags: isTagged ? [name] : null, Layers: layers.map(pathOf) };
}

function pathOf({ digest }: Pick<Descriptor, 'digest'>): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function document(name: string, value: unknown): TarFile {
  const data = Buffer.from(JSON.stringify(value));
  return { name, sizeBytes: data.length, content: () => [data] };
}
