/** Puts a bundle together: the same content gives the same bytes, whatever the day, the machine or the names of the files. */
import type { KeyObject } from 'node:crypto';
import { DocumentCollector } from '../../api/bundle/bundle-documents.ts';
import { type BundleIndex, bundleFiles, bundleTypes, writeBundleIndex } from '../../api/bundle/bundle-index.ts';
import { layoutData } from '../../api/bundle/read-bundle.ts';
import { signIndex } from '../../api/bundle/signature.ts';
import type { KubeObject } from '../../api/meta.ts';
import { mediaTypes } from '../../api/oci-documents.ts';
import { collectPieces } from '../../lib/collect-pieces.ts';
import { type TarFile, tarSize, writeTar } from '../../lib/tar/write-tar.ts';
import type { StoredFile } from '../local-images/blob-stage.ts';
import { dataInMemory, inMemory, type PackedImage } from './pack-image.ts';

/** What a bundle is made of. */
export interface BundleContent {
  readonly name: string;
  readonly version: string;
  readonly progressDeadlineSeconds: number;
  readonly bakeSeconds: number;
  readonly architectures: readonly string[];
  readonly objects: readonly KubeObject[];
  readonly images: readonly PackedImage[];
  readonly key: KeyObject | undefined;
}

/** A bundle that can be written. */
export interface BundleFile {
  /** Of its index: what the bundle is. */
  readonly digest: string;
  readonly sizeBytes: number;
  read(): AsyncIterable<Uint8Array>;
}

/** Reads documents only; the layers are read when the file is. */
export async function composeBundle(content: BundleContent): Promise<BundleFile> {
  const list = { apiVersion: 'v1', kind: 'List', items: content.objects };
  const manifests = dataInMemory(Buffer.from(`${JSON.stringify(list, null, 2)}\n`));
  const config = dataInMemory(Buffer.from('{}'));
  const artifact = inMemory({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: bundleTypes.artifact,
    config: { mediaType: bundleTypes.emptyConfig, digest: config.digest, size: config.sizeBytes },
    layers: [{ mediaType: bundleTypes.manifests, digest: manifests.digest, size: manifests.sizeBytes }],
  });
  const index = dataInMemory(writeBundleIndex(indexOf(content, artifact)));
  const indexData = await collectPieces(index.open());
  const signature = content.key === undefined ? undefined : dataInMemory(signIndex(indexData, content.key));

  const documents = new Map(
    [artifact, manifests, config, ...content.images.flatMap((image) => image.documents)].map((file) => [
      file.digest,
      file,
    ]),
  );
  const files: TarFile[] = [
    tarFile(bundleFiles.layout, dataInMemory(layoutData)),
    tarFile(bundleFiles.index, index),
    ...(signature === undefined ? [] : [tarFile(bundleFiles.signature, signature)]),
  ];
  // In the order in which they are asked for when it is read.
  const collector = new DocumentCollector(indexData, undefined);
  for (let next = collector.next; next !== undefined; next = collector.next) {
    const file = documents.get(next.digest);
    if (file === undefined) throw new Error(`${next.digest} was not packed`);
    collector.take(next.digest, await collectPieces(file.open()));
    files.push(blobFile(file));
  }
  const layers = new Map(content.images.flatMap((image) => image.layers.map(({ file }) => [file.digest, file])));
  for (const [, file] of [...layers].sort(([a], [b]) => (a < b ? -1 : 1))) files.push(blobFile(file));
  return { digest: index.digest, sizeBytes: tarSize(files), read: () => writeTar(files) };
}

function indexOf(content: BundleContent, artifact: StoredFile): BundleIndex {
  return {
    name: content.name,
    version: content.version,
    progressDeadlineSeconds: content.progressDeadlineSeconds,
    bakeSeconds: content.bakeSeconds,
    artifact: {
      mediaType: mediaTypes.ociManifest,
      digest: artifact.digest,
      size: artifact.sizeBytes,
      annotations: {},
    },
    images: content.images.map(({ name, descriptor }) => ({ name, descriptor })),
    unpackedBytes: new Map(
      content.architectures.map((architecture) => [architecture, unpackedBytes(content.images, architecture)]),
    ),
  };
}

/** A layer that several images share is on a device once. */
function unpackedBytes(images: readonly PackedImage[], architecture: string): number {
  const layers = new Map(
    images.flatMap(({ layersOf }) =>
      (layersOf.get(architecture) ?? []).map((layer) => [layer.descriptor.digest, layer.unpackedBytes] as const),
    ),
  );
  return [...layers.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function blobFile(file: StoredFile): TarFile {
  return tarFile(`blobs/${file.digest.replace(':', '/')}`, file);
}

function tarFile(name: string, file: StoredFile): TarFile {
  return { name, sizeBytes: file.sizeBytes, content: () => file.open() };
}
