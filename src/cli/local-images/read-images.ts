/** The images of an archive: what `docker save` writes, or an OCI layout, or both in one. */
import { createHash } from 'node:crypto';
import type * as v from 'valibot';
import { normalizeImageReference } from '../../api/image-reference.ts';
import {
  type Descriptor,
  dockerSaveSchema,
  imageConfigSchema,
  indexOrManifestSchema,
  indexSchema,
  nameInIndex,
  namesInFull,
  parseDocument,
} from '../../api/oci-documents.ts';
import { collectPieces } from '../../lib/collect-pieces.ts';
import { decompressed } from '../../lib/decompress.ts';
import { UsageError } from '../usage-error.ts';
import type { ArchiveFile, ArchiveFiles } from './archive-files.ts';
import type { ArchiveImage, ArchiveLayer } from './local-image.ts';
import { piecesToldAsUsage, toldAsUsage } from './told-as-usage.ts';

/** containerd's own limit for manifests and indexes. */
const maxDocumentBytes = 4 * 1024 * 1024;
/** An index may hold indexes; more of them in each other are a loop. */
const maxDepth = 4;

/**
 * Reads documents only, and checks those that have a digest; layers are checked by whoever reads them.
 *
 * @returns one for each architecture, in the order of the archive; signatures and attestations of a build are left out
 * @throws UsageError naming the archive and the entry, when there is no image, or it is damaged or incomplete
 */
export async function readImages(files: ArchiveFiles): Promise<readonly ArchiveImage[]> {
  return await toldAsUsage(() => new ImageReader(files).read());
}

/** What an image is made of, before its configuration was read. */
interface Parts {
  readonly names: readonly string[];
  readonly configPath: string;
  readonly configuration: Buffer;
  readonly layers: readonly { readonly path: string; readonly digest: string | undefined }[];
  readonly manifest: ArchiveImage['manifest'];
}

class ImageReader {
  readonly #files: ArchiveFiles;

  constructor(files: ArchiveFiles) {
    this.#files = files;
  }

  async read(): Promise<readonly ArchiveImage[]> {
    const index = await this.#optional('index.json');
    const saved = await this.#optional('manifest.json');
    const { manifests } = index === undefined ? { manifests: [] } : this.#parse(indexSchema, 'index.json', index);
    // Of an archive that holds both, the second has names in full, unless containerd's stand in the first.
    if (index !== undefined && (saved === undefined || namesInFull(manifests))) return await this.#index(manifests);
    if (saved !== undefined) return await this.#dockerSave(saved);
    throw new UsageError(
      `${this.#files.what} is no image: it has neither manifest.json (docker save) nor index.json (OCI layout)`,
      'make one with "docker save -o FILE IMAGE"; of files:  eli push NAME --directory DIR',
    );
  }

  async #dockerSave(saved: Buffer): Promise<readonly ArchiveImage[]> {
    const images: ArchiveImage[] = [];
    for (const { Config, RepoTags, Layers } of this.#parse(dockerSaveSchema, 'manifest.json', saved)) {
      images.push(
        ...(await this.#compose({
          names: (RepoTags ?? []).map(normalizeImageReference),
          configPath: Config,
          configuration: await this.#required(Config),
          layers: Layers.map((path) => ({ path, digest: undefined })),
          manifest: undefined,
        })),
      );
    }
    return images;
  }

  async #index(manifests: readonly Descriptor[]): Promise<readonly ArchiveImage[]> {
    const images: ArchiveImage[] = [];
    for (const descriptor of manifests) {
      const name = nameInIndex(descriptor);
      images.push(...(await this.#tree(descriptor, name === undefined ? [] : [name], 0)));
    }
    return images;
  }

  async #tree(descriptor: Descriptor, names: readonly string[], depth: number): Promise<readonly ArchiveImage[]> {
    const path = pathOf(descriptor);
    const data = depth === 0 ? await this.#blob(descriptor) : await this.#optionalBlob(descriptor);
    // An archive need not carry every architecture of its index.
    if (data === undefined) return [];
    const { manifests, config, layers } = this.#parse(indexOrManifestSchema, path, data);
    if (manifests !== undefined) {
      if (depth >= maxDepth) throw new UsageError(`${this.#files.what}: its indexes are in a loop`);
      const found: ArchiveImage[] = [];
      for (const each of manifests) found.push(...(await this.#tree(each, names, depth + 1)));
      return found;
    }
    if (config === undefined) throw new UsageError(`${this.#files.what}: ${path} is no manifest of an image`);
    if (!isImageConfig(config.mediaType)) return [];
    return await this.#compose({
      names,
      configPath: pathOf(config),
      configuration: await this.#blob(config),
      layers: layers.map((layer) => ({ path: pathOf(layer), digest: layer.digest })),
      manifest: { mediaType: descriptor.mediaType, data },
    });
  }

  async #compose({ names, configPath, configuration, layers, manifest }: Parts): Promise<readonly ArchiveImage[]> {
    const { os, architecture, variant, rootfs } = this.#parse(imageConfigSchema, configPath, configuration);
    // So a builder marks what it attests of an image.
    if (architecture === 'unknown') return [];
    const diffIDs = rootfs.diff_ids;
    if (diffIDs.length !== layers.length || diffIDs.length === 0) {
      throw new UsageError(
        `${this.#files.what}: ${configPath} has ${diffIDs.length} layers, and its manifest ${layers.length}`,
      );
    }
    const found: ArchiveLayer[] = [];
    for (const [index, { path, digest }] of layers.entries()) {
      const file = await this.#file(path);
      const what = `${this.#files.what}: ${path}`;
      found.push({
        what,
        diffID: diffIDs[index] ?? '',
        storedBytes: file.sizeBytes,
        storedDigest: digest,
        openStored: () => file.open(),
        open: () => piecesToldAsUsage(decompressed(file.open(), what)),
      });
    }
    return [{ names, os, architecture, variant, configuration, layers: found, manifest }];
  }

  #parse<Schema extends v.GenericSchema>(schema: Schema, path: string, data: Buffer): v.InferOutput<Schema> {
    return parseDocument(schema, `${this.#files.what}: ${path}`, data);
  }

  /** A document that its digest names. */
  async #blob(descriptor: Descriptor): Promise<Buffer> {
    return (await this.#optionalBlob(descriptor)) ?? this.#missing(pathOf(descriptor));
  }

  async #optionalBlob(descriptor: Descriptor): Promise<Buffer | undefined> {
    const path = pathOf(descriptor);
    const data = await this.#optional(path);
    if (data === undefined) return undefined;
    const digest = `sha256:${createHash('sha256').update(data).digest('hex')}`;
    if (digest === descriptor.digest) return data;
    throw new UsageError(`${this.#files.what}: ${path} is damaged: its content has the digest ${digest}`);
  }

  async #required(path: string): Promise<Buffer> {
    return (await this.#optional(path)) ?? this.#missing(path);
  }

  async #optional(path: string): Promise<Buffer | undefined> {
    const file = await this.#files.find(path);
    if (file === undefined) return undefined;
    if (file.sizeBytes <= maxDocumentBytes) return await collectPieces(file.open());
    throw new UsageError(`${this.#files.what}: ${path} is too large for what it should be`);
  }

  async #file(path: string): Promise<ArchiveFile> {
    return (await this.#files.find(path)) ?? this.#missing(path);
  }

  #missing(path: string): never {
    throw new UsageError(`${this.#files.what} is incomplete: ${path} is missing`);
  }
}

/** OCI's and Docker's; signatures, attestations and charts have others. What has none was made by hand. */
function isImageConfig(mediaType: string): boolean {
  return mediaType === '' || /image(?:\.config)?\.v1\+json$/.test(mediaType);
}

function pathOf({ digest }: Descriptor): string {
  return `blobs/${digest.replace(':', '/')}`;
}
