/**
 * Documents that were made when Eliot was built: gzip files with an index, handed out as streams, so that they take
 * no memory.
 */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export interface PackedDocument {
  /** Of the text. */
  readonly hash: string;
  /** Of the gzip file. */
  readonly bytes: number;
}

export class PackedDocuments {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** What there is, by path. Failures are Node's own errors. */
  async index(): Promise<Readonly<Record<string, PackedDocument>>> {
    return JSON.parse(await readFile(join(this.#directory, 'index.json'), 'utf8'));
  }

  /** The gzip file of a path of the index; it is closed when it was read or destroyed. */
  async open(path: string): Promise<Readable> {
    const name = `${path.replaceAll('/', '_')}.json.gz`;
    const stream = createReadStream(join(this.#directory, name), { highWaterMark: 16 * 1024 });
    await once(stream, 'open');
    return stream;
  }
}
