/**
 * The documents of a bundle: everything but the layers of its images. They come first in the file, so that all there is to
 * know, and to refuse, is known before the large part is read.
 */
import { createHash } from 'node:crypto';
import { StatusError } from '../../lib/status-error.ts';
import {
  configSchema,
  type Descriptor,
  indexSchema,
  isIndex,
  manifestSchema,
  parseDocument,
} from '../oci-documents.ts';
import { type BundleIndex, bundleTypes, type NamedImage, parseBundleIndex } from './bundle-index.ts';

/** One architecture of an image. */
export interface BundlePlatform {
  /** In OCI's words; empty when the image does not say. */
  readonly architecture: string;
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

export interface BundleImage extends NamedImage {
  readonly platforms: readonly BundlePlatform[];
}

/** A bundle without its layers. */
export interface BundleDocuments {
  readonly index: BundleIndex;
  /** Of `index.json`: what the bundle is. */
  readonly digest: string;
  /** `index.json` as it is. */
  readonly indexData: Uint8Array;
  /** `signature.json` as it is; judged by nobody yet. */
  readonly signatureData: Uint8Array | undefined;
  /** A `v1 List` as JSON; looked at by nobody yet. */
  readonly manifests: string;
  readonly images: readonly BundleImage[];
  /** Every document that was read, by its digest. */
  readonly data: ReadonlyMap<string, Uint8Array>;
  /** Every layer there is in the bundle, by its digest. */
  readonly layers: ReadonlyMap<string, Descriptor>;
}

/** Holds what has been read, and says what is still wanted; `take` each wanted document, then `finish`. */
export class DocumentCollector {
  readonly #index: BundleIndex;
  readonly #indexData: Uint8Array;
  readonly #signatureData: Uint8Array | undefined;
  readonly #data = new Map<string, Uint8Array>();
  /** By digest: its descriptor. In the order in which they are written. */
  readonly #wanted = new Map<string, Descriptor>();
  #hasArtifact = false;

  /** @throws StatusError `Invalid` when the index is not of a bundle */
  constructor(indexData: Uint8Array, signatureData: Uint8Array | undefined) {
    this.#index = parseBundleIndex(indexData);
    this.#indexData = indexData;
    this.#signatureData = signatureData;
    this.#want(this.#index.artifact);
    for (const { descriptor } of this.#index.images) this.#want(descriptor);
  }

  /** The next one that is wanted; undefined when all have been taken. */
  get next(): Descriptor | undefined {
    return this.#wanted.values().next().value;
  }

  /** @throws StatusError `Invalid` when it is not what its digest says, or not what it should be */
  take(digest: string, data: Uint8Array): void {
    const descriptor = this.#wanted.get(digest);
    if (descriptor === undefined) throw damaged(`blob ${digest} stands where it does not belong`);
    if (`sha256:${createHash('sha256').update(data).digest('hex')}` !== digest || data.length !== descriptor.size) {
      throw damaged(`blob ${digest} is not what its name says`);
    }
    this.#wanted.delete(digest);
    this.#data.set(digest, data);
    if (isIndex(descriptor.mediaType)) {
      for (const child of parseDocument(indexSchema, digest, data).manifests) {
        if (isIndex(child.mediaType)) throw damaged(`index ${digest} holds another one`);
        this.#want(child);
      }
    } else if (isManifest(descriptor.mediaType)) {
      const { config, layers } = parseDocument(manifestSchema, digest, data);
      this.#want(config);
      if (digest === this.#index.artifact.digest) for (const layer of layers) this.#want(layer);
    }
    this.#hasArtifact ||= digest === this.#index.artifact.digest;
  }

  /** To be called when nothing is wanted any more. @throws StatusError `Invalid` when they make no bundle */
  finish(): BundleDocuments {
    const images = this.#index.images.map((image) => this.#readImage(image));
    const layers = images.flatMap(({ platforms }) => platforms.flatMap((platform) => platform.layers));
    return {
      index: this.#index,
      digest: `sha256:${createHash('sha256').update(this.#indexData).digest('hex')}`,
      indexData: this.#indexData,
      signatureData: this.#signatureData,
      manifests: this.#readManifests(),
      images,
      data: this.#data,
      layers: new Map(layers.map((layer) => [layer.digest, layer])),
    };
  }

  #want(descriptor: Descriptor): void {
    if (!this.#data.has(descriptor.digest)) this.#wanted.set(descriptor.digest, descriptor);
  }

  #dataOf({ digest }: Pick<Descriptor, 'digest'>): Uint8Array {
    const data = this.#data.get(digest);
    if (data === undefined) throw damaged(`blob ${digest} is missing`);
    return data;
  }

  #readManifests(): string {
    const { artifact } = this.#index;
    const { layers } = parseDocument(manifestSchema, artifact.digest, this.#dataOf(artifact));
    const [manifests] = layers;
    if (manifests?.mediaType !== bundleTypes.manifests || layers.length > 1) {
      throw damaged(`its artifact must hold one blob of ${bundleTypes.manifests}`);
    }
    return Buffer.from(this.#dataOf(manifests)).toString('utf8');
  }

  #readImage(image: NamedImage): BundleImage {
    const { manifests } = parseDocument(indexSchema, image.name, this.#dataOf(image.descriptor));
    const platforms = manifests.map((manifest): BundlePlatform => {
      const { config, layers } = parseDocument(manifestSchema, manifest.digest, this.#dataOf(manifest));
      const { architecture } = parseDocument(configSchema, config.digest, this.#dataOf(config));
      return { architecture, manifest, config, layers };
    });
    if (platforms.length === 0) throw damaged(`image ${image.name} is empty`);
    return { ...image, platforms };
  }
}

function isManifest(mediaType: string): boolean {
  return /^application\/vnd\.(oci\.image|docker\.distribution)\.manifest\.v\d\+json$/.test(mediaType);
}

function damaged(why: string): StatusError {
  return new StatusError('Invalid', `the bundle is damaged: ${why}`);
}
