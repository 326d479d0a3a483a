/** Images of several layers as `docker save` archives, with gzipped layers: what a builder makes of a base and an application. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip as gzipCallback } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';
import { busyboxEntries } from '../../scripts/busybox-image.ts';
import { fileEntry } from '../../scripts/image-archive.ts';

const compress = promisify<Buffer, { readonly level: number }, Buffer>(gzipCallback);

export interface AppFile {
  /** Path without leading slash. */
  readonly path: string;
  readonly content: Buffer;
}

export interface LayeredImageOptions {
  readonly name: string;
  /** A layer of files each, above busybox. */
  readonly layers: readonly (readonly AppFile[])[];
  /** Of every file of these layers. */
  readonly builtAt: Date;
  readonly cmd?: readonly string[];
  /** Default: this machine's. */
  readonly architecture?: string;
  /** Default: true. */
  readonly gzip?: boolean;
}

export interface LayeredImage {
  readonly archive: Buffer;
  readonly id: string;
  /** Without their compression. */
  readonly diffIDs: readonly string[];
  readonly configuration: Buffer;
  readonly tars: readonly Buffer[];
}

/** The same options give the same bytes. */
export async function makeLayeredImage(options: LayeredImageOptions): Promise<LayeredImage> {
  const { name, builtAt, cmd = ['sh'], gzip = true } = options;
  const tars = [
    Buffer.from(await packTar(busyboxEntries())),
    ...(await Promise.all(options.layers.map(async (files) => Buffer.from(await packTar(entriesOf(files, builtAt)))))),
  ];
  const diffIDs = tars.map((tar) => `sha256:${sha256(tar)}`);
  const configuration = Buffer.from(
    JSON.stringify({
      architecture: options.architecture ?? (process.arch === 'x64' ? 'amd64' : process.arch),
      os: 'linux',
      created: builtAt.toISOString(),
      config: { Env: ['PATH=/bin'], Cmd: cmd },
      rootfs: { type: 'layers', diff_ids: diffIDs },
    }),
  );
  // Beside whatever else the test does.
  const stored = await Promise.all(tars.map((tar) => (gzip ? compress(tar, { level: 1 }) : tar)));
  const Layers = stored.map((_layer, index) => `layer${index}.tar`);
  const archive = await packTar([
    fileEntry('config.json', configuration),
    ...stored.map((layer, index) => fileEntry(`layer${index}.tar`, layer)),
    fileEntry('manifest.json', Buffer.from(JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers }]))),
  ]);
  return { archive: Buffer.from(archive), id: `sha256:${sha256(configuration)}`, diffIDs, configuration, tars };
}

/** Bytes that look random, do not compress, and are the same for the same seed. */
export function noise(bytes: number, seed: string): Buffer {
  const words = new Int32Array(Math.ceil(bytes / 4));
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0) | 1;
  for (let at = 0; at < words.length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return Buffer.from(words.buffer, 0, bytes);
}

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function entriesOf(files: readonly AppFile[], mtime: Date): TarEntry[] {
  return files.map(({ path, content }) => {
    const { header, body } = fileEntry(path, content);
    return { header: { ...header, mtime }, body } as TarEntry;
  });
}
