/** Images as files, and the little of a machine that they are read from, for tests of `src/cli/local-images/`. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { fileEntry, linkEntry } from '../../scripts/image-archive.ts';
import type { CliIo, InputStream } from '../cli/io.ts';
import type { LocalImage } from '../cli/local-images/local-image.ts';
import { collectPieces } from '../lib/collect-pieces.ts';
import { realFiles } from './eli-runner.ts';

/** `sha256:…`. */
export function digestOf(data: Uint8Array): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

const blobPath = (data: Uint8Array): string => `blobs/${digestOf(data).replace(':', '/')}`;

/** A layer with one file. */
export async function layerOf(text: string): Promise<Buffer> {
  return Buffer.from(await packTar([fileEntry('file', Buffer.from(text))]));
}

/** The configuration of an image with these layers. */
export function configOf(layers: readonly Buffer[], architecture: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture,
      config: { Cmd: ['old'], Entrypoint: ['/run'], Env: ['A=1', 'B=2'] },
      rootfs: { type: 'layers', diff_ids: layers.map(digestOf) },
      history: [{ created_by: 'base' }],
    }),
  );
}

/** What `docker save` writes of an image for amd64 that has the layer twice, the second time as a link. */
export async function savedImage(
  name: string,
  layer: Buffer,
  change: { readonly gzip?: boolean } = {},
): Promise<Buffer> {
  const stored = change.gzip ? gzipSync(layer) : layer;
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['abc/layer.tar', 'def/layer.tar'] }];
  return Buffer.from(
    await packTar([
      fileEntry('abc/layer.tar', stored),
      linkEntry('def/layer.tar', '../abc/layer.tar'),
      fileEntry('config.json', configOf([layer, layer], 'amd64')),
      fileEntry('manifest.json', Buffer.from(JSON.stringify(manifest))),
    ]),
  );
}

/** Files of an OCI layout with an image for each architecture under one index, and one that is named and not there. */
export function layoutOf(
  name: string | undefined,
  layer: Buffer,
  architectures: readonly string[],
): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const add = (mediaType: string, data: Buffer) => {
    files.set(blobPath(data), data);
    return { mediaType, digest: digestOf(data), size: data.length };
  };
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const stored = add('application/vnd.oci.image.layer.v1.tar+zstd', zstdCompressSync(layer));
  const manifests = architectures.map((architecture) => {
    const config = add('application/vnd.oci.image.config.v1+json', configOf([layer], architecture));
    return add('application/vnd.oci.image.manifest.v1+json', json({ schemaVersion: 2, config, layers: [stored] }));
  });
  const absent = { ...manifests[0], digest: digestOf(Buffer.from('none')), platform: { os: 'unknown' } };
  const index = add('application/vnd.oci.image.index.v1+json', json({ manifests: [...manifests, absent] }));
  const annotations = name === undefined ? {} : { annotations: { 'org.opencontainers.image.ref.name': name } };
  files.set('index.json', json({ schemaVersion: 2, manifests: [{ ...index, ...annotations }] }));
  files.set('oci-layout', json({ imageLayoutVersion: '1.0.0' }));
  return files;
}

/** Its layers without their compression. */
export async function contentsOf(image: LocalImage): Promise<Buffer[]> {
  return await Promise.all(image.layers.map((layer) => collectPieces(layer.open())));
}

/** What a program prints; an error is what it fails with. */
export type ProgramAnswer = (command: readonly string[]) => Buffer | Error;

/** That neither docker nor podman is installed. */
export const noProgram: ProgramAnswer = () => Object.assign(new Error('spawn docker ENOENT'), { code: 'ENOENT' });

/** A machine with a directory of its own, and another for what is to be gone afterwards. */
export class ImageMachine {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'eliot-local-'));
  readonly temporary: string = mkdtempSync(join(this.directory, 'tmp-'));
  /** Programs that were run. */
  readonly programs: string[][] = [];

  io(
    options: { readonly stdin?: Readable; readonly answer?: ProgramAnswer } = {},
  ): Pick<CliIo, 'files' | 'env' | 'stdin' | 'readProgram'> {
    const { stdin = Readable.from([]), answer = noProgram } = options;
    return {
      stdin: stdin as InputStream,
      env: { TMPDIR: this.temporary },
      files: realFiles,
      readProgram: (command) => {
        this.programs.push([...command]);
        const answered = answer(command);
        const pieces = async function* (): AsyncGenerator<Buffer> {
          if (answered instanceof Error) throw answered;
          yield answered;
        };
        return Readable.from(pieces(), { objectMode: false });
      },
    };
  }

  /** @returns its path */
  write(name: string, data: Uint8Array | string): string {
    const path = join(this.directory, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, data);
    return path;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}
