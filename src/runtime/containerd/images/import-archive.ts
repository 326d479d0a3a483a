/**
 * Side-loads an image archive: a docker-save tar or an OCI layout, as it is or compressed.
 *
 * Everything is written under a lease; names are made last, so an interrupted import leaves nothing behind.
 * Blobs are verified by containerd, layers pass through as they are compressed.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { normalizeImageReference } from '../../../api/image-reference.ts';
import {
  configSchema,
  type Descriptor,
  dockerSaveSchema,
  indexLabels,
  indexSchema,
  isIndex,
  layerMediaType,
  manifestLabels,
  manifestSchema,
  mediaTypes,
  nameAnnotations,
  nameInIndex,
  namesInFull,
  parseDocument,
} from '../../../api/oci-documents.ts';
import type { Clock } from '../../../lib/clock.ts';
import { StatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { writeBlob } from './content-writer.ts';
import { withLease } from './lease.ts';
import { nameImage } from './name-image.ts';
import { type SpooledArchive, type SpooledFile, spoolArchive } from './spool-archive.ts';

export interface ImportDeps {
  readonly grpc: GrpcClient;
  readonly clock: Clock;
  /** Architectures this device runs, in OCI's words, for example `arm64`. */
  readonly architectures: readonly string[];
  /** Flushes containerd's file system to disk. */
  readonly flush: (signal: AbortSignal) => Promise<void>;
  /** Throws when one of the full names must not be given to what the archive holds. */
  readonly checkNames?: ((names: readonly string[]) => Promise<void>) | undefined;
}

/** One image of the archive, ready to be named. */
interface FoundImage {
  readonly names: readonly string[];
  readonly target: Descriptor;
}

/** An archive being imported. */
interface Import {
  readonly deps: ImportDeps;
  readonly archive: SpooledArchive;
  readonly lease: string;
  readonly signal: AbortSignal;
}

/**
 * @returns the full names the archive brought; an older image of the same name is replaced
 * @throws StatusError `Invalid` with one line for a person: no image archive, damaged, nameless, or for another
 *   architecture
 */
export async function importImageArchive(
  deps: ImportDeps,
  source: Readable,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return withLease(deps, 'import', signal, async (lease) => {
    const archive = await spoolArchive(deps.grpc, source, lease, signal);
    const context = { deps, archive, lease, signal };
    const found = await findImages(context);
    await deps.checkNames?.(found.flatMap((image) => image.names));
    // Blobs are flushed one by one, but not the directories that they lie in: no name before all of it is on disk.
    await deps.flush(signal);
    const names: string[] = [];
    for (const image of found) {
      for (const name of image.names) {
        await nameImage(deps.grpc, name, image.target, signal);
        names.push(name);
      }
    }
    return names;
  });
}

async function findImages(context: Import): Promise<FoundImage[]> {
  const { archive } = context;
  const dockerSave = archive.file('manifest.json');
  const index = archive.file('index.json');
  // Of an archive that holds both, this one has the names in full, unless containerd's stand in the other: then that one
  // keeps every digest.
  if (dockerSave !== undefined && !(index !== undefined && hasFullNames(index))) {
    return findDockerImages(context, dockerSave);
  }
  if (index !== undefined) return findOciImages(context, index);
  throw new StatusError(
    'Invalid',
    'not an image archive: it has neither manifest.json (docker save) nor index.json (OCI layout)',
  );
}

function hasFullNames(index: SpooledFile): boolean {
  return namesInFull(parse(indexSchema, 'index.json', index).manifests);
}

async function findDockerImages(context: Import, manifest: SpooledFile): Promise<FoundImage[]> {
  const saved = parse(dockerSaveSchema, 'manifest.json', manifest);
  const images: FoundImage[] = [];
  for (const { Config, RepoTags, Layers } of saved) {
    const names = (RepoTags ?? []).map(normalizeImageReference);
    if (names.length === 0) {
      throw new StatusError('Invalid', 'the image archive names no image: save it by name (docker save NAME:TAG)');
    }
    const configFile = requiredFile(context.archive, Config);
    checkPlatform(context, names.join(', '), dataOf(Config, configFile));
    const config = await store(context, Config, configFile, mediaTypes.ociConfig);
    const layers: Descriptor[] = [];
    for (const path of Layers) {
      const file = requiredFile(context.archive, path);
      layers.push(await store(context, path, file, layerMediaType[file.compression]));
    }
    images.push({ names, target: await storeManifest(context, config, layers) });
  }
  if (images.length === 0) throw new StatusError('Invalid', 'the image archive holds no image');
  return images;
}

async function findOciImages(context: Import, index: SpooledFile): Promise<FoundImage[]> {
  const { manifests } = parse(indexSchema, 'index.json', index);
  if (manifests.length === 0) throw new StatusError('Invalid', 'the image archive holds no image');
  const images: FoundImage[] = [];
  for (const descriptor of manifests) {
    const name = nameOf(descriptor);
    const runnable = await storeTree(context, name, descriptor);
    if (!runnable) throw notForThisDevice(context, name);
    images.push({ names: [name], target: descriptor });
  }
  return images;
}

/** Stores a manifest or index and all it refers to. False when nothing in it runs on this device. */
async function storeTree(context: Import, name: string, descriptor: Descriptor): Promise<boolean> {
  const path = blobPath(descriptor);
  const file = requiredFile(context.archive, path);
  const { mediaType } = descriptor;
  if (isIndex(mediaType)) {
    const { manifests } = parse(indexSchema, path, file);
    // An archive need not carry every architecture of its index.
    const present = manifests.filter((manifest) => context.archive.file(blobPath(manifest)) !== undefined);
    let runnable = false;
    for (const manifest of present) runnable = (await storeTree(context, name, manifest)) || runnable;
    await store(context, path, file, mediaType, indexLabels(present));
    return runnable;
  }
  if (mediaType !== mediaTypes.ociManifest && mediaType !== mediaTypes.dockerManifest) {
    throw new StatusError('Invalid', `${name} in the image archive is no image but ${mediaType || 'of no media type'}`);
  }
  const { config, layers } = parse(manifestSchema, path, file);
  const configPath = blobPath(config);
  const configFile = requiredFile(context.archive, configPath);
  await store(context, configPath, configFile, config.mediaType);
  for (const layer of layers) {
    const layerPath = blobPath(layer);
    await store(context, layerPath, requiredFile(context.archive, layerPath), layer.mediaType);
  }
  await store(context, path, file, mediaType, manifestLabels(config, layers));
  return runsHere(context, dataOf(configPath, configFile));
}

async function storeManifest(context: Import, config: Descriptor, layers: readonly Descriptor[]): Promise<Descriptor> {
  const document = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers };
  const data = Buffer.from(JSON.stringify(document));
  const digest = `sha256:${createHash('sha256').update(data).digest('hex')}`;
  const file: SpooledFile = { digest, sizeBytes: data.length, compression: 'none', data };
  return store(context, 'manifest', file, mediaTypes.ociManifest, manifestLabels(config, layers));
}

/** Writes a file that is in memory only; one that went to the store at once is there already. */
async function store(
  context: Import,
  path: string,
  file: SpooledFile,
  mediaType: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<Descriptor> {
  const { deps, lease, signal } = context;
  const { digest, sizeBytes, data } = file;
  if (data !== undefined) {
    const blob = { ref: `${lease}/${path}/${digest}`, sizeBytes, expectedDigest: digest, labels };
    await writeBlob(deps.grpc, blob, Readable.from([data]), lease, signal);
  }
  return { mediaType, digest, size: sizeBytes, annotations: {} };
}

function nameOf(descriptor: Descriptor): string {
  const name = nameInIndex(descriptor);
  if (name !== undefined) return name;
  const short = descriptor.annotations[nameAnnotations.standard];
  throw new StatusError(
    'Invalid',
    `the image archive names no image: its index.json has ${short === undefined ? 'no name' : `only the tag "${short}"`}`,
  );
}

function checkPlatform(context: Import, name: string, config: Uint8Array): void {
  if (!runsHere(context, config)) throw notForThisDevice(context, name);
}

function runsHere({ deps }: Import, data: Uint8Array): boolean {
  const { os, architecture } = parseDocument(configSchema, 'the image configuration', data);
  // Hand-made images may leave the architecture out; containerd takes them as its own.
  return os === 'linux' && (architecture === '' || deps.architectures.includes(architecture));
}

function notForThisDevice({ deps }: Import, name: string): StatusError {
  return new StatusError('Invalid', `${name} has no image for linux/${deps.architectures[0]}, as this device needs`);
}

function blobPath({ digest }: Descriptor): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function requiredFile(archive: SpooledArchive, path: string): SpooledFile {
  const file = archive.file(path.replace(/^\.\//, ''));
  if (file === undefined) throw new StatusError('Invalid', `the image archive is incomplete: ${path} is missing`);
  return file;
}

function parse<Schema extends Parameters<typeof parseDocument>[0]>(
  schema: Schema,
  path: string,
  file: SpooledFile,
): ReturnType<typeof parseDocument<Schema>> {
  return parseDocument(schema, `${path} in the image archive`, dataOf(path, file));
}

/** Documents are small by nature; one that is not was never kept in memory. */
function dataOf(path: string, file: SpooledFile): Buffer {
  if (file.data === undefined) throw new StatusError('Invalid', `${path} in the image archive is too large`);
  return file.data;
}
