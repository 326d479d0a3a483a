/**
 * The files of an image archive, wherever it lies: a tar archive, as it is or compressed, or an OCI layout as a directory. What
 * can be read where it lies is; what comes as a stream is kept in a stage, file by file. Nothing is held in memory but names.
 */
import { ByteReader } from '../../lib/byte-reader.ts';
import { compressionMagicBytes, compressionOf, decompressed } from '../../lib/decompress.ts';
import { normalizePath, resolveLinks } from '../../lib/tar/archive-paths.ts';
import { type TarSource, walkTar } from '../../lib/tar/walk-tar.ts';
import type { FileAccess } from '../io.ts';
import type { BlobStage } from './blob-stage.ts';
import { toldAsUsage } from './told-as-usage.ts';

/** A file of an archive. */
export interface ArchiveFile {
  readonly sizeBytes: number;
  /** Its bytes as they are in the archive, as often as they are asked for. Ends with its reader. */
  open(): AsyncIterable<Uint8Array>;
}

/** By path. Nothing that is asked for leads out of the archive. */
export interface ArchiveFiles {
  /** The archive in the words of errors. */
  readonly what: string;
  /** What a path means, links followed; undefined when it is no file of the archive. */
  find(path: string): Promise<ArchiveFile | undefined>;
}

const hint = 'an image archive is made with "docker save -o FILE IMAGE"';

type LocalFiles = Pick<FileAccess, 'kindOf' | 'sizeOf' | 'openFile'>;

/**
 * @param stage takes what cannot be read where it lies; must be there for as long as the files are read
 * @param onBytes told how many bytes in all were read of what cannot
 * @returns undefined when the path is neither a file nor a directory
 * @throws UsageError when it is no archive, is damaged or ends early
 */
export async function openArchive(
  path: string,
  files: LocalFiles,
  stage: BlobStage,
  onBytes: (doneBytes: number) => void = () => {},
): Promise<ArchiveFiles | undefined> {
  switch (await files.kindOf(path)) {
    case 'directory':
      return layoutFiles(path, files);
    case 'file':
      // Places in what is compressed cannot be gone to.
      if (await isCompressed(path, files)) return await keepArchive(files.openFile(path), path, stage, onBytes);
      return await toldAsUsage(() => plainFiles(path, files), hint);
    default:
      return undefined;
  }
}

/**
 * An archive that comes as a stream; read to its end, whatever comes behind the archive.
 *
 * @param what it in the words of errors
 * @param onBytes told how many bytes have come in all; what it throws ends the reading
 * @throws UsageError when it is no archive, is damaged or ends early; else what the stream throws
 */
export async function keepArchive(
  stream: AsyncIterable<Uint8Array>,
  what: string,
  stage: BlobStage,
  onBytes: (doneBytes: number) => void = () => {},
): Promise<ArchiveFiles> {
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    let doneBytes = 0;
    for await (const piece of stream) {
      doneBytes += piece.length;
      onBytes(doneBytes);
      yield piece;
    }
  };
  const found = new FoundFiles(what);
  const reader = new ByteReader(decompressed(counted(), what));
  try {
    await toldAsUsage(async () => {
      for await (const entry of walkTar(reader, what)) {
        if (entry.kind === 'Link') found.link(entry.path, entry.target);
        else found.add(entry.path, await stage.add(reader.stream(entry.sizeBytes)));
      }
      // A program that fails says so at its end.
      await reader.skip(Number.POSITIVE_INFINITY);
    }, hint);
  } finally {
    await reader.close();
  }
  return found;
}

/** Only its headers are read. */
async function plainFiles(path: string, files: LocalFiles): Promise<ArchiveFiles> {
  const found = new FoundFiles(path);
  const source = new FileSource(path, await files.sizeOf(path), files);
  for await (const entry of walkTar(source, path)) {
    if (entry.kind === 'Link') {
      found.link(entry.path, entry.target);
      continue;
    }
    const { offset, sizeBytes } = entry;
    found.add(entry.path, { sizeBytes, open: () => source.range(offset, sizeBytes) });
  }
  return found;
}

/** An OCI layout, or an archive that somebody has unpacked. */
function layoutFiles(directory: string, files: LocalFiles): ArchiveFiles {
  const find = async (asked: string): Promise<ArchiveFile | undefined> => {
    const path = `${directory}/${normalizePath(asked)}`;
    if ((await files.kindOf(path)) !== 'file') return undefined;
    return { sizeBytes: await files.sizeOf(path), open: () => files.openFile(path) };
  };
  return { what: directory, find };
}

async function isCompressed(path: string, files: LocalFiles): Promise<boolean> {
  const head = files.openFile(path, { start: 0, end: compressionMagicBytes - 1 });
  return compressionOf(await new ByteReader(head).read(compressionMagicBytes)) !== 'none';
}

/** What a walk has found. */
class FoundFiles implements ArchiveFiles {
  readonly what: string;
  readonly #files = new Map<string, ArchiveFile>();
  readonly #links = new Map<string, string>();

  constructor(what: string) {
    this.what = what;
  }

  add(path: string, file: ArchiveFile): void {
    this.#files.set(path, file);
  }

  link(path: string, target: string): void {
    this.#links.set(path, target);
  }

  async find(path: string): Promise<ArchiveFile | undefined> {
    const resolved = resolveLinks(this.#links, path);
    return resolved === undefined ? undefined : this.#files.get(resolved);
  }
}

/** A file of this machine, of which only what is asked for is read. */
class FileSource implements TarSource {
  readonly #path: string;
  readonly #sizeBytes: number;
  readonly #files: Pick<FileAccess, 'openFile'>;
  readBytes = 0;

  constructor(path: string, sizeBytes: number, files: Pick<FileAccess, 'openFile'>) {
    this.#path = path;
    this.#sizeBytes = sizeBytes;
    this.#files = files;
  }

  range(offset: number, sizeBytes: number): AsyncIterable<Uint8Array> {
    if (sizeBytes === 0) return nothing();
    return this.#files.openFile(this.#path, { start: offset, end: offset + sizeBytes - 1 });
  }

  async read(bytes: number): Promise<Buffer> {
    const data = await new ByteReader(this.range(this.readBytes, bytes)).read(bytes);
    this.readBytes += data.length;
    return data;
  }

  async skip(bytes: number): Promise<number> {
    const skipped = Math.min(bytes, this.#sizeBytes - this.readBytes);
    this.readBytes += skipped;
    return skipped;
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
