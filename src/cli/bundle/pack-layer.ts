/** Makes layers fit for a bundle: compressed, and what the image's configuration says they are. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { type Descriptor, layerMediaType } from '../../api/oci-documents.ts';
import { type Compression, decompress } from '../../lib/decompress.ts';
import type { BlobStage, StoredFile } from '../local-images/blob-stage.ts';
import type { ArchiveLayer } from '../local-images/local-image.ts';
import { piecesToldAsUsage } from '../local-images/told-as-usage.ts';
import { UsageError } from '../usage-error.ts';

/** Beyond it a layer becomes hardly smaller, and takes much longer (measured: docs/adr/0047). */
const gzipLevel = 6;

/** A layer as it stands in the bundle. */
export interface PackedLayer {
  readonly descriptor: Descriptor;
  readonly file: StoredFile;
  readonly unpackedBytes: number;
}

/** Packs each layer once, however many images have it. */
export class LayerPacker {
  readonly #stage: BlobStage;
  /** By the digest of what it was made of: images share layers. */
  readonly #packed = new Map<string, PackedLayer>();

  constructor(stage: BlobStage) {
    this.#stage = stage;
  }

  /**
   * One that is compressed stays as it is, byte by byte.
   *
   * @param onBytes told of each piece that was read; what it throws ends the reading
   * @throws UsageError when its content is not what the image says
   */
  async pack(layer: ArchiveLayer, onBytes: (bytes: number) => void): Promise<PackedLayer> {
    const key = layer.storedDigest ?? layer.diffID;
    const known = this.#packed.get(key);
    if (known !== undefined) return known;
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const piece of layer.openStored()) {
        onBytes(piece.length);
        yield piece;
      }
    };
    const { compression, content } = await decompress(counted(), layer.what);
    const plain = new Measured(piecesToldAsUsage(content));
    const isPlain = compression === 'none';
    const file = isPlain
      ? await this.#stage.add(compress(plain.read()))
      : await measureAsItIs(layer, plain, () => onBytes(0));
    const storedDigest = isPlain ? plain.digest : file.digest;
    if (plain.digest !== layer.diffID || storedDigest !== (layer.storedDigest ?? storedDigest)) {
      throw new UsageError(`${layer.what} is damaged: the layer is not what the image says`);
    }
    const packed = { descriptor: describe(file, compression), file, unpackedBytes: plain.bytes };
    this.#packed.set(key, packed);
    return packed;
  }
}

/** Reads it twice: who takes the compression away leaves alone what stands behind its end. */
async function measureAsItIs(layer: ArchiveLayer, plain: Measured, onPiece: () => void): Promise<StoredFile> {
  for await (const _piece of plain.read());
  const hash = createHash('sha256');
  for await (const piece of layer.openStored()) {
    onPiece();
    hash.update(piece);
  }
  return { digest: `sha256:${hash.digest('hex')}`, sizeBytes: layer.storedBytes, open: () => layer.openStored() };
}

function describe({ digest, sizeBytes }: StoredFile, compression: Compression): Descriptor {
  const mediaType = layerMediaType[compression === 'none' ? 'gzip' : compression];
  return { mediaType, digest, size: sizeBytes, annotations: {} };
}

/** The same content gives the same bytes: Node writes no time into the header. */
async function* compress(plain: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gzip = createGzip({ level: gzipLevel });
  const source = Readable.from(plain, { objectMode: false });
  source.on('error', (error) => gzip.destroy(error));
  try {
    yield* source.pipe(gzip) as AsyncIterable<Uint8Array>;
  } finally {
    source.destroy();
    gzip.destroy();
  }
}

/** Counts and hashes what passes. */
class Measured {
  readonly #content: AsyncIterable<Uint8Array>;
  readonly #hash = createHash('sha256');
  bytes = 0;

  constructor(content: AsyncIterable<Uint8Array>) {
    this.#content = content;
  }

  get digest(): string {
    return `sha256:${this.#hash.copy().digest('hex')}`;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#content) {
      this.#hash.update(piece);
      this.bytes += piece.length;
      yield piece;
    }
  }
}
