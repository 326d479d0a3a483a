/** From an image as it was found to its documents and layers in a bundle. */
import { createHash } from 'node:crypto';
import { type Descriptor, mediaTypes } from '../../api/oci-documents.ts';
import type { StoredFile } from '../local-images/blob-stage.ts';
import type { ArchiveImage } from '../local-images/local-image.ts';
import type { FoundImage } from './collect-images.ts';
import type { LayerPacker, PackedLayer } from './pack-layer.ts';

/** An image that is ready. */
export interface PackedImage {
  readonly name: string;
  /** Its index of architectures. */
  readonly descriptor: Descriptor;
  /** Index, manifests and configurations. */
  readonly documents: readonly StoredFile[];
  readonly layers: readonly PackedLayer[];
  /** By architecture: its layers. */
  readonly layersOf: ReadonlyMap<string, readonly PackedLayer[]>;
}

/**
 * @param architectures which ones, in OCI's words; each must be there
 * @param onBytes told of each piece of a layer that was read
 * @throws UsageError when the image is damaged
 */
export async function packImage(
  image: FoundImage,
  architectures: readonly string[],
  packer: LayerPacker,
  onBytes: (bytes: number) => void,
): Promise<PackedImage> {
  const documents: StoredFile[] = [];
  const layersOf = new Map<string, readonly PackedLayer[]>();
  const manifests: object[] = [];
  for (const platform of chosen(image, architectures)) {
    const { os, architecture, variant } = platform;
    const layers: PackedLayer[] = [];
    for (const layer of platform.layers) layers.push(await packer.pack(layer, onBytes));
    layersOf.set(architecture, [...(layersOf.get(architecture) ?? []), ...layers]);
    const config = dataInMemory(platform.configuration);
    const { file, mediaType } = manifestOf(platform, config, layers);
    documents.push(file, config);
    const described = { os, architecture, ...(variant === undefined ? {} : { variant }) };
    manifests.push({ mediaType, digest: file.digest, size: file.sizeBytes, platform: described });
  }
  const index = inMemory({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
  return {
    name: image.name,
    descriptor: { mediaType: mediaTypes.ociIndex, digest: index.digest, size: index.sizeBytes, annotations: {} },
    documents: [index, ...documents],
    layers: [...layersOf.values()].flat(),
    layersOf,
  };
}

/** A document of ours as a file. */
export function inMemory(document: object): StoredFile {
  return dataInMemory(Buffer.from(JSON.stringify(document)));
}

/** Bytes as a file. */
export function dataInMemory(data: Buffer): StoredFile {
  const digest = `sha256:${createHash('sha256').update(data).digest('hex')}`;
  return { digest, sizeBytes: data.length, open: () => piecesOf(data) };
}

async function* piecesOf(data: Buffer): AsyncGenerator<Uint8Array> {
  yield data;
}

/** In order of the architectures, so that the same image gives the same bytes whatever it was found in. */
function chosen({ platforms }: FoundImage, architectures: readonly string[]): readonly ArchiveImage[] {
  return [...architectures].sort().flatMap((wanted) => platforms.filter(({ architecture }) => architecture === wanted));
}

/** The manifest that came with it when it still holds, so that the image is by its digest what it is in its registry. */
function manifestOf(
  { manifest, layers: found }: ArchiveImage,
  config: StoredFile,
  layers: readonly PackedLayer[],
): { readonly file: StoredFile; readonly mediaType: string } {
  const isSame = found.every(({ storedDigest }, index) => storedDigest === layers[index]?.descriptor.digest);
  if (manifest !== undefined && isSame) return { file: dataInMemory(manifest.data), mediaType: manifest.mediaType };
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest: config.digest, size: config.sizeBytes },
    layers: layers.map(({ descriptor: { mediaType, digest, size } }) => ({ mediaType, digest, size })),
  };
  return { file: inMemory(document), mediaType: mediaTypes.ociManifest };
}
