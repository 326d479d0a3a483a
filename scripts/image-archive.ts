/** Container images of one layer as `docker save` archives, with no registry and no builder. */
import { createHash } from 'node:crypto';
import { packTar, type TarEntry } from 'modern-tar';

export interface ImageOptions {
  /** Full reference, for example `eliot.run/hello-world:1`. */
  readonly name: string;
  readonly entrypoint?: readonly string[];
  /** Default: `sh`. */
  readonly cmd?: readonly string[];
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workingDir?: string;
  /** In OCI's words. Default: this machine's. */
  readonly architecture?: string;
}

/** The archive's bytes. The same options and entries give the same bytes. */
export async function makeImageArchive(options: ImageOptions, entries: TarEntry[]): Promise<Buffer> {
  const layer = Buffer.from(await packTar(entries));
  const config = Buffer.from(
    JSON.stringify({
      architecture: options.architecture ?? (process.arch === 'x64' ? 'amd64' : process.arch),
      os: 'linux',
      config: {
        Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...(options.env ?? [])],
        ...(options.entrypoint ? { Entrypoint: options.entrypoint } : {}),
        Cmd: options.cmd ?? ['sh'],
        ...(options.user ? { User: options.user } : {}),
        ...(options.workingDir ? { WorkingDir: options.workingDir } : {}),
      },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    }),
  );
  const configName = `${sha256(config)}.json`;
  const manifest = [{ Config: configName, RepoTags: [options.name], Layers: ['layer.tar'] }];
  return Buffer.from(
    await packTar([
      fileEntry(configName, config),
      fileEntry('layer.tar', layer),
      fileEntry('manifest.json', Buffer.from(JSON.stringify(manifest))),
    ]),
  );
}

const epoch = new Date(0);

/** @param name path without leading slash */
export function fileEntry(name: string, body: Buffer, mode = 0o644): TarEntry {
  return { header: { name, size: body.length, type: 'file', mode, mtime: epoch, uid: 0, gid: 0 }, body };
}

export function directoryEntry(name: string, mode = 0o755): TarEntry {
  return { header: { name: `${name}/`, size: 0, type: 'directory', mode, mtime: epoch, uid: 0, gid: 0 } };
}

export function linkEntry(name: string, linkname: string): TarEntry {
  return { header: { name, size: 0, type: 'symlink', linkname, mode: 0o777, mtime: epoch, uid: 0, gid: 0 } };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
