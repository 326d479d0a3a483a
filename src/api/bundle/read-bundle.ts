/** Reads a bundle from its first byte to its last, as it comes, and checks every one of them. */
import { createHash } from 'node:crypto';
import { collectPieces } from '../../lib/collect-pieces.ts';
import { StatusError } from '../../lib/status-error.ts';
import { readTar, type TarEntry } from '../../lib/tar/read-tar.ts';
import type { Descriptor } from '../oci-documents.ts';
import { type BundleDocuments, DocumentCollector } from './bundle-documents.ts';
import { bundleFiles } from './bundle-index.ts';

/** containerd's own limit for manifests and indexes. */
const maxDocumentBytes = 4 * 1024 * 1024;
/** All documents together: they are held in memory. */
const maxDocumentsBytes = 32 * 1024 * 1024;

/** The only content of `oci-layout`. */
export const layoutData: Buffer = Buffer.from('{"imageLayoutVersion":"1.0.0"}');

export interface BundleListener {
  /** All documents were read and belong together; the layers follow when this resolves. What it throws ends the reading. */
  onDocuments(documents: BundleDocuments): Promise<void>;
  /**
   * A layer comes, whose content must be read or left alone. It fails in the last piece when it is not what its digest says.
   */
  onLayer(layer: Descriptor, content: AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * The rest of a layer comes, from this byte on; it is not checked against the digest. Undefined: there must be none.
   */
  readonly onRest?: (layer: Descriptor, fromByte: number, content: AsyncIterable<Uint8Array>) => Promise<void>;
}

/** What a layer is called in a bundle, or its rest from a byte on. @param digest `sha256:…` */
export function layerPath(digest: string, fromByte = 0): string {
  const path = `blobs/${digest.replace(':', '/')}`;
  return fromByte === 0 ? path : `${path}/${fromByte}`;
}

/**
 * @returns the documents, and the digests of the layers that are in the file
 * @throws StatusError `Invalid` with a sentence for a person when it is no bundle, damaged, or ends early
 */
export async function readBundle(
  source: AsyncIterable<Uint8Array>,
  listener: BundleListener,
): Promise<{ readonly documents: BundleDocuments; readonly layers: ReadonlySet<string> }> {
  const entries = readTar(source, 'the bundle');
  const budget = { leftBytes: maxDocumentsBytes };
  const read = (entry: TarEntry): Promise<Buffer> => readSmall(entry, budget);

  const layout = await next(entries);
  if (layout.name !== bundleFiles.layout || !(await read(layout)).equals(layoutData)) {
    throw new StatusError('Invalid', 'the bundle is none: make one with "eli bundle create"');
  }
  const index = await next(entries);
  if (index.name !== bundleFiles.index) throw damaged(`${bundleFiles.index} is not where it belongs`);
  const indexData = await read(index);
  let entry = await next(entries);
  let signatureData: Buffer | undefined;
  if (entry.name === bundleFiles.signature) {
    signatureData = await read(entry);
    entry = await next(entries);
  }
  const collector = new DocumentCollector(indexData, signatureData);
  for (;;) {
    collector.take(digestOf(entry), await read(entry));
    if (collector.next === undefined) break;
    entry = await next(entries);
  }
  const documents = collector.finish();
  await listener.onDocuments(documents);

  const layers = new Set<string>();
  for await (const each of entries) {
    const [, hex, from] = /^(blobs\/sha256\/[0-9a-f]{64})\/([1-9][0-9]{0,15})$/.exec(each.name) ?? [];
    const digest = digestOf({ name: hex ?? each.name });
    const fromByte = Number(from ?? 0);
    const layer = documents.layers.get(digest);
    const isWelcome = fromByte === 0 || listener.onRest !== undefined;
    if (layer === undefined || layers.has(digest) || !isWelcome)
      throw damaged(`blob ${each.name} does not belong to it`);
    const sizeBytes = layer.size - fromByte;
    if (sizeBytes !== each.sizeBytes) throw damaged(`blob ${digest} has ${each.sizeBytes} bytes, not ${sizeBytes}`);
    layers.add(digest);
    if (fromByte > 0) {
      await listener.onRest?.(layer, fromByte, each.content());
      continue;
    }
    const content = new CheckedContent(each, digest);
    await listener.onLayer(layer, content.read());
    // A reader that has the layer already ends early.
    for await (const _piece of content.read());
  }
  return { documents, layers };
}

async function next(entries: AsyncGenerator<TarEntry>): Promise<TarEntry> {
  const { value, done } = await entries.next();
  if (done) throw new StatusError('Invalid', 'the bundle is incomplete: documents are missing');
  return value;
}

async function readSmall(entry: TarEntry, budget: { leftBytes: number }): Promise<Buffer> {
  budget.leftBytes -= entry.sizeBytes;
  if (entry.sizeBytes > maxDocumentBytes || budget.leftBytes < 0) {
    throw new StatusError('Invalid', `the bundle is not valid: ${entry.name} is larger than documents may be`);
  }
  return await collectPieces(entry.content());
}

/** A content that goes on where it was left, and fails after its last piece when it is not what its digest says. */
class CheckedContent {
  readonly #entry: TarEntry;
  readonly #digest: string;
  readonly #hash = createHash('sha256');

  constructor(entry: TarEntry, digest: string) {
    this.#entry = entry;
    this.#digest = digest;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#entry.content()) {
      this.#hash.update(piece);
      yield piece;
    }
    if (`sha256:${this.#hash.copy().digest('hex')}` === this.#digest) return;
    throw damaged(`blob ${this.#digest} is not what its name says`);
  }
}

function digestOf({ name }: Pick<TarEntry, 'name'>): string {
  const hex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name)?.[1];
  if (hex === undefined) throw damaged(`${name} does not belong to it`);
  return `sha256:${hex}`;
}

function damaged(why: string): StatusError {
  return new StatusError('Invalid', `the bundle is damaged: ${why}`);
}
