/**
 * Makes a small container image of Debian's static busybox, with no registry and no builder:
 * one layer, as a `docker save` archive. The quickstart, the tests and the benchmark use it.
 *
 *   node scripts/busybox-image.ts NAME FILE
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packTar, type TarEntry } from 'modern-tar';

/** Where `scripts/prepare.sh` puts a static one when the machine's own is dynamic. */
const unpackedPath = fileURLToPath(new URL('../.cache/busybox/bin/busybox', import.meta.url));
const busyboxPath = existsSync(unpackedPath) ? unpackedPath : '/bin/busybox';

export interface ImageOptions {
  /** Full reference, for example `eliot.run/hello-world:1`. */
  readonly name: string;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workingDir?: string;
  /** More files, by path without leading slash. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The archive's bytes (about 2 MB). The same options give the same bytes. */
export async function makeBusyboxImage(options: ImageOptions): Promise<Buffer> {
  const layer = Buffer.from(await packTar(layerEntries(options.files ?? {})));
  const layerDigest = sha256(layer);
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: {
        Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...(options.env ?? [])],
        ...(options.entrypoint ? { Entrypoint: options.entrypoint } : {}),
        Cmd: options.cmd ?? ['sh'],
        ...(options.user ? { User: options.user } : {}),
        ...(options.workingDir ? { WorkingDir: options.workingDir } : {}),
      },
      rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
    }),
  );
  const configName = `${sha256(config)}.json`;
  const manifest = [{ Config: configName, RepoTags: [options.name], Layers: ['layer.tar'] }];
  return Buffer.from(
    await packTar([
      file(configName, config),
      file('layer.tar', layer),
      file('manifest.json', Buffer.from(JSON.stringify(manifest))),
    ]),
  );
}

function layerEntries(files: Readonly<Record<string, string>>): TarEntry[] {
  const applets = execFileSync(busyboxPath, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  return [
    ...['bin', 'etc', 'root', 'tmp', 'usr', 'usr/bin', 'usr/local', 'usr/local/bin', 'var', 'home'].map((name) =>
      directory(name, name === 'tmp' ? 0o1777 : 0o755),
    ),
    file('bin/busybox', readFileSync(busyboxPath), 0o755),
    ...applets.filter((name) => name !== 'busybox').map((name) => link(`bin/${name}`, 'busybox')),
    file('etc/passwd', Buffer.from('root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home:/bin/sh\n')),
    file('etc/group', Buffer.from('root:x:0:\napp:x:1000:\n')),
    ...Object.entries(files).map(([name, content]) => file(name, Buffer.from(content), 0o755)),
  ];
}

const epoch = new Date(0);

function file(name: string, body: Buffer, mode = 0o644): TarEntry {
  return { header: { name, size: body.length, type: 'file', mode, mtime: epoch, uid: 0, gid: 0 }, body };
}

function directory(name: string, mode: number): TarEntry {
  return { header: { name: `${name}/`, size: 0, type: 'directory', mode, mtime: epoch, uid: 0, gid: 0 } };
}

function link(name: string, linkname: string): TarEntry {
  return { header: { name, size: 0, type: 'symlink', linkname, mode: 0o777, mtime: epoch, uid: 0, gid: 0 } };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

if (import.meta.main) {
  const [name, path] = process.argv.slice(2);
  if (!name || !path) {
    console.error('usage: node scripts/busybox-image.ts NAME FILE');
    process.exit(2);
  }
  writeFileSync(path, await makeBusyboxImage({ name }));
}
