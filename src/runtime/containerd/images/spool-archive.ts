/**
 * Reads an image archive once, as it comes: what is large goes straight into the content store, what is small
 * (manifests, configs, tiny layers) is kept in memory until it is known what it is. Nothing is written to a
 * directory of ours, and at most `memoryBytes` are held.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createTarDecoder, type ParsedTarEntry } from 'modern-tar';
import { type Compression, compressionMagicBytes, compressionOf, decompressed } from '../../../lib/decompress.ts';
import { isStatusError, StatusError } from '../../../lib/status-error.ts';
import { normalizePath, resolveLinks } from '../../../lib/tar/archive-paths.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { writeBlob } from './content-writer.ts';

/** A file above this is a blob of the content store at once. */
const smallBytes = 256 * 1024;
/** Small files beyond this sum are stored as well: an archive of a million tiny files must not fill the memory. */
const memoryBytes = 16 * 1024 * 1024;
const maxEntries = 100_000;

/** A file of the archive. `data` is there as long as it is in memory only. */
export interface SpooledFile {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly compression: Compression;
  readonly data: Buffer | undefined;
}

/** The files of an archive by their path, links resolved. */
export interface SpooledArchive {
  file(path: string): SpooledFile | undefined;
  readonly paths: readonly string[];
}

/** @throws StatusError `Invalid` when it is no tar archive, ends early, or a blob is not what its name says */
export async function spoolArchive(
  grpc: GrpcClient,
  archive: Readable,
  lease: string,
  signal: AbortSignal,
): Promise<SpooledArchive> {
  const files = new Map<string, SpooledFile>();
  const links = new Map<string, string>();
  let heldBytes = 0;
  try {
    for await (const { header, body } of tarEntries(archive, signal)) {
      const path = normalizePath(header.name);
      if (files.size + links.size >= maxEntries) throw new StatusError('Invalid', 'the archive has too many entries');
      if (header.type === 'symlink') links.set(path, joinPath(parentOf(path), header.linkname ?? ''));
      else if (header.type === 'link') links.set(path, normalizePath(header.linkname ?? ''));
      if (header.type !== 'file') {
        await body.cancel();
        continue;
      }
      const isHeld = header.size <= smallBytes && heldBytes + header.size <= memoryBytes;
      if (isHeld) heldBytes += header.size;
      const file = isHeld
        ? await holdFile(path, header.size, body)
        : await storeFile(grpc, { path, sizeBytes: header.size, body, lease }, signal);
      files.set(path, file);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (isStatusError(error)) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new StatusError('Invalid', `the image archive cannot be read: ${text}`, { cause: error });
  }
  return { file: (path) => files.get(resolved(links, path)), paths: [...files.keys()] };
}

async function* tarEntries(archive: Readable, signal: AbortSignal): AsyncGenerator<ParsedTarEntry> {
  const decoder = createTarDecoder({ strict: true });
  const plain = Readable.from(decompressed(archive, 'the image archive cannot be read: it'), { objectMode: false });
  // A failure shows in the entries, which end with it.
  const piped = (Readable.toWeb(plain) as ReadableStream<Uint8Array>).pipeTo(decoder.writable, { signal });
  piped.catch(() => {});
  for await (const entry of decoder.readable) yield entry;
  await piped;
}

async function holdFile(path: string, sizeBytes: number, body: ReadableStream<Uint8Array>): Promise<SpooledFile> {
  const data = Buffer.concat(await Array.fromAsync(body));
  if (data.length !== sizeBytes) throw new StatusError('Invalid', `${path} ends after ${data.length} bytes`);
  const digest = `sha256:${createHash('sha256').update(data).digest('hex')}`;
  const expected = digestInName(path);
  if (expected !== undefined && expected !== digest) {
    throw new StatusError('Invalid', `${path} is damaged: its content has the digest ${digest}`);
  }
  return { digest, sizeBytes, compression: compressionOf(data), data };
}

interface StoredSource {
  readonly path: string;
  readonly sizeBytes: number;
  readonly body: ReadableStream<Uint8Array>;
  readonly lease: string;
}

async function storeFile(grpc: GrpcClient, source: StoredSource, signal: AbortSignal): Promise<SpooledFile> {
  const { path, sizeBytes, body, lease } = source;
  let head = Buffer.alloc(0);
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      if (head.length < compressionMagicBytes) head = Buffer.concat([head, chunk.subarray(0, compressionMagicBytes)]);
      yield chunk;
    }
  };
  const expectedDigest = digestInName(path);
  const blob = { ref: `${lease}/${path}`, sizeBytes, ...(expectedDigest === undefined ? {} : { expectedDigest }) };
  const written = await writeBlob(grpc, blob, watched(), lease, signal);
  return { ...written, compression: compressionOf(head), data: undefined };
}

/** The digest in an OCI layout's path, `blobs/sha256/<hex>`. */
function digestInName(path: string): string | undefined {
  const hex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

function resolved(links: ReadonlyMap<string, string>, path: string): string {
  const found = resolveLinks(links, path);
  if (found === undefined) throw new StatusError('Invalid', `${path} in the archive is a loop of links`);
  return found;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

function joinPath(folder: string, target: string): string {
  return target.startsWith('/') ? normalizePath(target) : normalizePath(`${folder}/${target}`);
}
