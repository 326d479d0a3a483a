/** Image archives in every shape that people have, and ones that are broken. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import { packTar, unpackTar } from 'modern-tar';
import { makeBusyboxImage } from '../../../scripts/busybox-image.ts';

export type Files = Map<string, Buffer>;

export const digestOf = (data: Uint8Array): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** An archive of these files; a value that is a string makes a symbolic link to it. */
export async function pack(files: ReadonlyMap<string, Buffer | string>): Promise<Buffer> {
  const entries = [...files].map(([name, body]) =>
    typeof body === 'string'
      ? { header: { name, size: 0, type: 'symlink' as const, linkname: body } }
      : { header: { name, size: body.length }, body },
  );
  return Buffer.from(await packTar(entries));
}

/** A docker-save archive as files: `manifest.json`, the configuration, the layer. */
export async function dockerSave(name: string, more: Readonly<Record<string, string>> = {}): Promise<Files> {
  const entries = await unpackTar(await makeBusyboxImage({ name, files: more }));
  return new Map(entries.map(({ header, data }) => [header.name, Buffer.from(data ?? [])]));
}

export interface LayoutOptions {
  readonly compression?: 'none' | 'gzip' | 'zstd';
  readonly architecture?: string;
  /** Annotations of the image in index.json. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Puts the manifest into an index of its own, as for several architectures. */
  readonly nested?: boolean;
  /** More files, which make the layer one that no other test has loaded. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The same image as an OCI layout. */
export async function ociLayout(options: LayoutOptions): Promise<Files> {
  const { compression = 'none', annotations = {}, nested = false } = options;
  const saved = await dockerSave('unused', options.files);
  const [{ Config }] = JSON.parse(String(saved.get('manifest.json')));
  const plain = saved.get('layer.tar') ?? Buffer.alloc(0);
  const compress = { none: async (data: Buffer) => data, gzip: promisify(gzip), zstd: promisify(zstdCompress) };
  const layer = await compress[compression](plain);
  const config = json({
    ...JSON.parse(String(saved.get(Config))),
    ...(options.architecture === undefined ? {} : { architecture: options.architecture }),
  });
  const files: Files = new Map([['oci-layout', json({ imageLayoutVersion: '1.0.0' })]]);
  const blob = (data: Buffer, mediaType: string) => {
    files.set(`blobs/${digestOf(data).replace(':', '/')}`, data);
    return { mediaType, digest: digestOf(data), size: data.length };
  };
  const suffix = compression === 'none' ? '' : `+${compression}`;
  let target = blob(
    json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: blob(config, 'application/vnd.oci.image.config.v1+json'),
      layers: [blob(layer, `application/vnd.oci.image.layer.v1.tar${suffix}`)],
    }),
    'application/vnd.oci.image.manifest.v1+json',
  );
  if (nested) {
    const absent = { mediaType: target.mediaType, digest: digestOf(Buffer.from('absent')), size: 6 };
    const platform = { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch };
    const elsewhere = { os: 'linux', architecture: 's390x' };
    const manifests = [
      { ...target, platform },
      { ...absent, platform: elsewhere },
    ];
    target = blob(json({ schemaVersion: 2, manifests }), 'application/vnd.oci.image.index.v1+json');
  }
  files.set('index.json', json({ schemaVersion: 2, manifests: [{ ...target, annotations }] }));
  return files;
}
