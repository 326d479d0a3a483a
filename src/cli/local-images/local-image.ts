/** An image that is on this machine, wherever it came from. */

/** A layer that can be read. */
export interface LocalLayer {
  /** `sha256:…` of the layer without its compression, as the configuration says; who reads it checks it. */
  readonly diffID: string;
  /** As it lies here, compressed or not. */
  readonly storedBytes: number;
  /**
   * The layer's tar archive without its compression; may be read again and again.
   *
   * @throws UsageError, in the reading, when it is damaged
   */
  open(): AsyncIterable<Uint8Array>;
}

/** One architecture of an image. */
export interface LocalImage {
  /** Full names with a tag; none when the source does not name it. */
  readonly names: readonly string[];
  /** As in `linux`, `arm64`; an empty architecture was left out by who made the image. */
  readonly os: string;
  readonly architecture: string;
  /** Byte for byte: its digest is what the image is. */
  readonly configuration: Buffer;
  readonly layers: readonly LocalLayer[];
}

/** A layer of an archive. */
export interface ArchiveLayer extends LocalLayer {
  /** The archive and the entry in the words of errors. */
  readonly what: string;
  /** `sha256:…` of what is stored, as an OCI manifest says; who reads it checks it. Undefined in the form of `docker save`. */
  readonly storedDigest: string | undefined;
  /** Its bytes as they lie here; may be read again and again. */
  openStored(): AsyncIterable<Uint8Array>;
}

/** An image of an archive: one architecture of it. */
export interface ArchiveImage extends LocalImage {
  /** As `v7` of an `arm`. */
  readonly variant: string | undefined;
  readonly layers: readonly ArchiveLayer[];
  /** The OCI manifest that names just these; undefined in the form of `docker save`. */
  readonly manifest: { readonly mediaType: string; readonly data: Buffer } | undefined;
}

/** What a source holds; an index brings an image for each platform. */
export interface LocalImages {
  /** For people: where they came from. */
  readonly source: string;
  readonly images: readonly LocalImage[];
  /** Removes what was made for reading them. */
  close(): Promise<void>;
}
