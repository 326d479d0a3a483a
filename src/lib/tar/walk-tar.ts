/**
 * Walks through a tar archive of any program (ustar, pax, GNU) and says which files and links are in it and where. Contents
 * are passed over: who wants one takes it from the same source before the next entry is asked for, or goes to its place later.
 */
import { StatusError } from '../status-error.ts';
import { normalizePath } from './archive-paths.ts';
import {
  readPaxRecords,
  readPaxSize,
  readTarHeader,
  readTarNames,
  readTarText,
  tarBlockBytes,
  tarPaddingOf,
} from './tar-header.ts';

/** What a walk reads from: a stream (`ByteReader`), or a file, in which nothing is read to be passed over. */
export interface TarSource {
  /** Bytes before the next one. */
  readonly readBytes: number;
  /** So many bytes; fewer only at the end. */
  read(bytes: number): Promise<Buffer>;
  /** Passes over so many bytes, fewer only at the end. @returns how many there were */
  skip(bytes: number): Promise<number>;
}

/** Paths are without `./`, `..` and double slashes. Directories and devices are no entries. */
export type WalkedEntry =
  /** Its content begins at byte `offset` of the archive. */
  | { readonly kind: 'File'; readonly path: string; readonly sizeBytes: number; readonly offset: number }
  /** Symbolic or hard; `target` is a path of the same archive. */
  | { readonly kind: 'Link'; readonly path: string; readonly target: string };

/** More are no archive that anybody here reads as a whole: their names are held in memory. */
const maxEntries = 100_000;
/** A longer name is none. */
const maxDescriptionBytes = 1024 * 1024;

/**
 * @param what the archive in the words of errors
 * @throws StatusError `Invalid` when it is no tar archive, is damaged outside of contents, or ends early; else what the source throws
 */
export async function* walkTar(source: TarSource, what: string): AsyncGenerator<WalkedEntry> {
  const fail = (why: string): StatusError => new StatusError('Invalid', `${what} ${why}`);
  const words = new DescribedNames();
  for (let entries = 0; ; ) {
    const at = source.readBytes;
    const block = await source.read(tarBlockBytes);
    const header = readTarHeader(block);
    if (header === undefined) {
      if (at === 0) throw fail('is no tar archive');
      // Some programs write no end, which is blocks of zeros.
      if (block.every((byte) => byte === 0)) return;
      throw fail(block.length < tarBlockBytes ? 'ends early: it is damaged' : `is damaged at byte ${at}`);
    }
    if (header.kind === 'Description') {
      if (header.sizeBytes > maxDescriptionBytes) throw fail(`has a name that is too long at byte ${at}`);
      const description = await source.read(header.sizeBytes);
      if (description.length < header.sizeBytes) throw fail('ends early: it is damaged');
      words.add(readTarNames(block).type, description);
      await source.skip(tarPaddingOf(header.sizeBytes));
      continue;
    }
    if (++entries > maxEntries) throw fail('has too many entries');
    const { name, type, linkName, sizeBytes } = words.take(block, header.sizeBytes);
    const offset = source.readBytes;
    const path = normalizePath(name);
    if (type === '2') yield { kind: 'Link', path, target: normalizePath(besides(path, linkName)) };
    else if (type === '1') yield { kind: 'Link', path, target: normalizePath(linkName) };
    else if (regularFiles.has(type)) yield { kind: 'File', path, sizeBytes, offset };
    const leftBytes = offset + sizeBytes - source.readBytes;
    if ((await source.skip(leftBytes)) < leftBytes) throw fail(`ends early, in ${path}: it is damaged`);
    await source.skip(tarPaddingOf(sizeBytes));
  }
}

/** With those of the time before POSIX, and those that were to lie in one piece on a disk. */
const regularFiles: ReadonlySet<string> = new Set(['0', '\0', '7']);

/** What descriptions have said of the next entry. Those about all entries (`g`) say nothing that counts here. */
class DescribedNames {
  #name: string | undefined;
  #linkName: string | undefined;
  #sizeBytes: number | undefined;

  add(type: string, description: Buffer): void {
    if (type === 'L') this.#name = readTarText(description);
    else if (type === 'K') this.#linkName = readTarText(description);
    else if (type === 'x') {
      const records = readPaxRecords(description);
      this.#name = records.get('path') ?? this.#name;
      this.#linkName = records.get('linkpath') ?? this.#linkName;
      this.#sizeBytes = readPaxSize(description) ?? this.#sizeBytes;
    }
  }

  /** Of this header; they are forgotten then. A size counts only for what has one. */
  take(block: Buffer, headerBytes: number): ReturnType<typeof readTarNames> & { readonly sizeBytes: number } {
    const { name, type, linkName } = readTarNames(block);
    const taken = {
      name: this.#name ?? name,
      type,
      linkName: this.#linkName ?? linkName,
      sizeBytes: regularFiles.has(type) ? (this.#sizeBytes ?? headerBytes) : headerBytes,
    };
    this.#name = undefined;
    this.#linkName = undefined;
    this.#sizeBytes = undefined;
    return taken;
  }
}

/** Where a symbolic link leads, seen from the top of the archive. */
function besides(path: string, linkName: string): string {
  return linkName.startsWith('/') ? linkName : `${path}/../${linkName}`;
}
