/** Content that waits in a directory of its own until nobody needs it any more: what comes once and is read more often. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { FileAccess } from '../io.ts';

type StageFiles = Pick<FileAccess, 'openFile' | 'readFile' | 'writeFile' | 'removeFile' | 'removeDirectory'>;

/** Content of a known digest that can be read any number of times. */
export interface StoredFile {
  /** `sha256:…`. */
  readonly digest: string;
  readonly sizeBytes: number;
  open(): AsyncIterable<Uint8Array>;
}

export class BlobStage {
  readonly #files: StageFiles;
  readonly #directory: string;
  readonly #blobs = new Map<string, StoredFile>();
  #count = 0;

  /** @param directory made when the first blob comes; nobody else's */
  constructor(files: StageFiles, directory: string) {
    this.#files = files;
    this.#directory = directory;
  }

  /** Keeps the content; the same content once. What `content` throws is thrown, and nothing is kept. */
  async add(content: AsyncIterable<Uint8Array>): Promise<StoredFile> {
    const path = join(this.#directory, String(this.#count++));
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const piece of content) {
        hash.update(piece);
        sizeBytes += piece.length;
        yield piece;
      }
    };
    await this.#files.writeFile(path, counted(), 0o600);
    const digest = `sha256:${hash.digest('hex')}`;
    const known = this.#blobs.get(digest);
    if (known !== undefined) {
      await this.#files.removeFile(path);
      return known;
    }
    const blob = { digest, sizeBytes, open: () => this.#files.openFile(path) };
    this.#blobs.set(digest, blob);
    return blob;
  }

  /** Removes everything. */
  async close(): Promise<void> {
    await this.#files.removeDirectory(this.#directory);
  }
}
