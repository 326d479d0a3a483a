/**
 * Makes a small container image of Debian's static busybox (about 2 MB). The quickstart, the tests and the benchmark use it.
 *
 *   node scripts/busybox-image.ts NAME FILE
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TarEntry } from 'modern-tar';
import { directoryEntry, fileEntry, type ImageOptions, linkEntry, makeImageArchive } from './image-archive.ts';

/** Where `scripts/prepare.sh` puts a static one when the machine's own is dynamic. */
const unpackedPath = fileURLToPath(new URL('../.cache/busybox/bin/busybox', import.meta.url));
const busyboxPath = existsSync(unpackedPath) ? unpackedPath : '/bin/busybox';

export interface BusyboxImageOptions extends ImageOptions {
  /** More files, by path without leading slash. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A `docker save` archive. The same options give the same bytes. */
export function makeBusyboxImage(options: BusyboxImageOptions): Promise<Buffer> {
  return makeImageArchive(options, busyboxEntries(options.files));
}

/** The layer: busybox under all its names, two users, and `files` as executables. */
export function busyboxEntries(files: Readonly<Record<string, string>> = {}): TarEntry[] {
  const applets = execFileSync(busyboxPath, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  return [
    ...['bin', 'etc', 'root', 'tmp', 'usr', 'usr/bin', 'usr/local', 'usr/local/bin', 'var', 'home'].map((name) =>
      directoryEntry(name, name === 'tmp' ? 0o1777 : 0o755),
    ),
    fileEntry('bin/busybox', readFileSync(busyboxPath), 0o755),
    ...applets.filter((name) => name !== 'busybox').map((name) => linkEntry(`bin/${name}`, 'busybox')),
    fileEntry('etc/passwd', Buffer.from('root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home:/bin/sh\n')),
    fileEntry('etc/group', Buffer.from('root:x:0:\napp:x:1000:\n')),
    ...Object.entries(files).map(([name, content]) => fileEntry(name, Buffer.from(content), 0o755)),
  ];
}

if (import.meta.main) {
  const [name, path] = process.argv.slice(2);
  if (!name || !path) {
    console.error('usage: node scripts/busybox-image.ts NAME FILE');
    process.exit(2);
  }
  writeFileSync(path, await makeBusyboxImage({ name }));
}
