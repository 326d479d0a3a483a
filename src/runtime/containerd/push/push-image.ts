/**
 * An image is asked for by its name and its configuration, again and again until it is there: the answer says which layers
 * are missing, and with none missing the image gets its name. Nothing else is remembered between two such requests.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import * as v from 'valibot';
import type { LayerRequest, LayerState, PushRequest, PushState } from '../../../api/image-push/exchange.ts';
import { encodeSteps } from '../../../api/image-push/missing-steps.ts';
import { type Descriptor, manifestLabels, mediaTypes } from '../../../api/oci-documents.ts';
import type { Clock } from '../../../lib/clock.ts';
import { isStatusError, StatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { writeBlob } from '../images/content-writer.ts';
import { withLease } from '../images/lease.ts';
import { nameImage } from '../images/name-image.ts';
import { endLease } from '../images/pull-lease.ts';
import { checkSpace } from './check-space.ts';
import { layerLeaseId } from './layer-lease.ts';
import { isSpooled, LayerSpool } from './layer-spool.ts';
import { holdBlob } from './store-layer.ts';
import { findLayers } from './stored-layers.ts';
import { WantedChunks } from './wanted-chunks.ts';

export interface PushImageDeps {
  readonly grpc: GrpcClient;
  readonly clock: Clock;
  /** Directory of layers in part. */
  readonly spool: string;
  readonly architectures: readonly string[];
  /** Flushes containerd's file system to disk. */
  readonly flush: (signal: AbortSignal) => Promise<void>;
}

const configurationSchema = v.object({
  os: v.optional(v.string(), 'linux'),
  architecture: v.optional(v.string(), ''),
  rootfs: v.object({
    diff_ids: v.pipe(v.array(v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/))), v.minLength(1), v.maxLength(1_000)),
  }),
});

/**
 * @throws StatusError `Invalid` for a configuration that is none or is for another architecture, `InsufficientStorage` when
 *   the layers that are missing have no room
 */
export async function pushImage(deps: PushImageDeps, request: PushRequest, signal: AbortSignal): Promise<PushState> {
  const configuration = Buffer.from(request.configuration, 'base64');
  const id = digestOf(configuration);
  const diffIDs = readDiffIDs(request, configuration, deps.architectures);
  const layers = await findLayers(deps.grpc, [...new Set(diffIDs)], signal);
  if (diffIDs.every((diffID) => layers.has(diffID))) {
    const blobs = diffIDs.map((diffID) => layers.get(diffID) as Descriptor);
    const isComplete = await completeImage(deps, { image: request.image, configuration, diffIDs, blobs }, signal);
    if (isComplete) {
      return { id, complete: true, layers: diffIDs.map((diffID) => ({ diffID, state: 'Present' })) };
    }
    return await pushImage(deps, request, signal);
  }
  const asked = new Map(request.layers.map((layer) => [layer.diffID, layer]));
  const missing = [...new Set(diffIDs)].filter((diffID) => !layers.has(diffID));
  checkRoom(
    deps.spool,
    request.image,
    missing.flatMap((diffID) => asked.get(diffID) ?? []),
  );
  const states = new Map<string, LayerState>();
  for (const diffID of missing) states.set(diffID, await stateOf(deps.spool, diffID, asked.get(diffID)));
  return {
    id,
    complete: false,
    layers: diffIDs.map((diffID) => states.get(diffID) ?? { diffID, state: 'Present' }),
  };
}

function readDiffIDs(
  { image }: PushRequest,
  configuration: Buffer,
  architectures: readonly string[],
): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(configuration.toString('utf8'));
  } catch (cause) {
    throw new StatusError('Invalid', `the configuration of ${image} is not JSON`, { cause });
  }
  const result = v.safeParse(configurationSchema, value);
  if (!result.success) {
    const [issue] = result.issues;
    throw new StatusError('Invalid', `the configuration of ${image}: ${v.getDotPath(issue) ?? ''} ${issue.message}`);
  }
  const { os, architecture, rootfs } = result.output;
  // Hand-made images may leave the architecture out; containerd takes them as its own.
  if (os !== 'linux' || (architecture !== '' && !architectures.includes(architecture))) {
    throw new StatusError(
      'Invalid',
      `${image} is for ${os}/${architecture}, and this device needs linux/${architectures[0]}`,
    );
  }
  return rootfs.diff_ids;
}

function checkRoom(spool: string, image: string, layers: readonly LayerRequest[]): void {
  const unpackedBytes = layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const allocatedBytes = layers.reduce((sum, layer) => sum + new LayerSpool(spool, layer).allocatedBytes, 0);
  if (layers.length > 0) checkSpace(spool, image, unpackedBytes, allocatedBytes);
}

async function stateOf(directory: string, diffID: string, layer: LayerRequest | undefined): Promise<LayerState> {
  if (layer === undefined) {
    // Who knows that nothing has come need not ask again, with its recipe.
    return isSpooled(directory, diffID) ? { diffID, state: 'Missing' } : { diffID, state: 'Missing', recipeBytes: 0 };
  }
  // Its upload may be under way, in another child: nothing is written here.
  const spool = new LayerSpool(directory, layer);
  const state: LayerState = { diffID, state: 'Missing', recipeBytes: spool.recipeBytes };
  try {
    const table = await spool.readTable();
    if (table === undefined || !spool.wasSearched) return state;
    const { steps } = new WantedChunks(table, spool.readHoles(table));
    return { ...state, missing: encodeSteps(steps, table.count) };
  } catch (error) {
    // The power has damaged what had come, and the next upload drops it; or the upload has ended, and dropped it now.
    if (isStatusError(error, 'Invalid') || isNoSuchFile(error)) return { ...state, recipeBytes: 0 };
    throw error;
  }
}

function isNoSuchFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

interface WholeImage {
  readonly image: string;
  readonly configuration: Buffer;
  readonly diffIDs: readonly string[];
  /** The layers as they are stored. */
  readonly blobs: readonly Descriptor[];
}

/** Names the image; false when a layer went meanwhile, with the last image that had it. */
async function completeImage(
  deps: PushImageDeps,
  { image, configuration, diffIDs, blobs }: WholeImage,
  signal: AbortSignal,
): Promise<boolean> {
  const { grpc } = deps;
  return withLease(deps, 'push', signal, async (lease) => {
    for (const { digest } of blobs) await holdBlob(grpc, lease, digest, signal);
    const still = await findLayers(grpc, diffIDs, signal);
    if (diffIDs.some((diffID) => !still.has(diffID))) return false;
    const config = await write(deps, { lease, mediaType: mediaTypes.ociConfig, data: configuration }, signal);
    const document = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: bare(config),
      layers: blobs.map(bare),
    };
    const labels = manifestLabels(config, blobs);
    const data = Buffer.from(JSON.stringify(document));
    const target = await write(deps, { lease, mediaType: mediaTypes.ociManifest, data, labels }, signal);
    // Blobs are flushed one by one, but not the directories that they lie in: no name before all of it is on disk.
    await deps.flush(signal);
    await nameImage(grpc, image, target, signal);
    await deps.flush(signal);
    for (const diffID of new Set(diffIDs)) await endLease(grpc, layerLeaseId(diffID), signal);
    return true;
  });
}

interface SmallBlob {
  readonly lease: string;
  readonly mediaType: string;
  readonly data: Buffer;
  readonly labels?: Readonly<Record<string, string>>;
}

async function write(
  { grpc }: Pick<PushImageDeps, 'grpc'>,
  { lease, mediaType, data, labels = {} }: SmallBlob,
  signal: AbortSignal,
): Promise<Descriptor> {
  const digest = digestOf(data);
  const source = { ref: `${lease}/${digest}`, sizeBytes: data.length, expectedDigest: digest, labels };
  await writeBlob(grpc, source, Readable.from([data]), lease, signal);
  return { mediaType, digest, size: data.length, annotations: {} };
}

function bare({ mediaType, digest, size }: Descriptor): Omit<Descriptor, 'annotations'> {
  return { mediaType, digest, size };
}

function digestOf(data: Buffer): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}
