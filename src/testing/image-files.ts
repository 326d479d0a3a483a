/** Small image archives, in the form of `docker save`, for tests that run nothing of them. */
import { createHash } from 'node:crypto';
import { packTar } from 'modern-tar';

export interface TestArchiveOptions {
  readonly name: string;
  readonly architecture?: string;
  /** One layer for each: what its only file holds. */
  readonly contents?: readonly string[];
}

/** The same options give the same bytes. */
export async function makeTestArchive(options: TestArchiveOptions): Promise<Buffer> {
  const { name, architecture = 'amd64', contents = ['hello'] } = options;
  const layers = await Promise.all(contents.map((content) => tar({ 'file.txt': content })));
  const config = JSON.stringify({
    architecture,
    os: 'linux',
    config: { Cmd: ['/file.txt'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
  });
  return tar({
    'config.json': config,
    ...Object.fromEntries(layers.map((layer, index) => [`${index}/layer.tar`, layer])),
    'manifest.json': JSON.stringify([
      { Config: 'config.json', RepoTags: [name], Layers: layers.map((_layer, index) => `${index}/layer.tar`) },
    ]),
  });
}

async function tar(files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const entries = Object.entries(files).map(([name, content]) => {
    const body = Buffer.from(content);
    return { header: { name, size: body.length, mtime: new Date(0), mode: 0o644 }, body };
  });
  return Buffer.from(await packTar(entries));
}

function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
