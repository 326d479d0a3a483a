/** Makes a Debian package from what it holds, with dpkg-deb alone: its files are known, nothing has to be found out. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Where a file's content comes from. */
export type Content = string | Uint8Array | { readonly copyOf: string };

export interface DebPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Further fields of the control file, for example Depends, in their order. */
  readonly fields: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Lines of at most 79 characters; an empty one separates paragraphs. */
  readonly description: readonly string[];
  /** By path without leading slash. */
  readonly files: Readonly<Record<string, Content>>;
  /** Paths of `files` that can be run. */
  readonly programs: readonly string[];
  /** Paths of `files` that belong to the administrator: an upgrade does not overwrite what was changed. */
  readonly conffiles?: readonly string[];
  /** postinst, prerm, postrm. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** Of every file, in seconds since 1970, so that the same content gives the same package. */
  readonly epochSeconds: number;
}

export interface DebOptions {
  /** Compress little: for a test. */
  readonly isQuick: boolean;
}

export const maintainer = 'The Eliot developers <packages@eliot.run>';

/** gzip as Debian wants it: nothing in it depends on when it was made. */
export function gzip(text: string): Uint8Array {
  return gzipSync(text, { level: 9 });
}

/** Writes `NAME_VERSION_ARCHITECTURE.deb` into `out` and gives its path. */
export function buildDeb(deb: DebPackage, out: string, { isQuick }: DebOptions): string {
  const path = join(out, `${deb.name}_${deb.version}_${deb.architecture}.deb`);
  const tree = mkdtempSync(join(tmpdir(), 'eliot-deb-'));
  try {
    chmodSync(tree, 0o755);
    const sums: string[] = [];
    let bytes = 0;
    for (const [name, content] of Object.entries(deb.files)) {
      const file = writeInto(tree, name, content, deb.programs.includes(name) ? 0o755 : 0o644);
      bytes += statSync(file).size;
      if (!deb.conffiles?.includes(name)) sums.push(`${md5(file)}  ${name}\n`);
    }
    writeInto(tree, 'DEBIAN/control', controlOf(deb, bytes), 0o644);
    writeInto(tree, 'DEBIAN/md5sums', sums.join(''), 0o644);
    if (deb.conffiles) writeInto(tree, 'DEBIAN/conffiles', deb.conffiles.map((name) => `/${name}\n`).join(''), 0o644);
    for (const [name, text] of Object.entries(deb.scripts ?? {})) writeInto(tree, `DEBIAN/${name}`, text, 0o755);
    mkdirSync(out, { recursive: true });
    const compression = isQuick ? ['-Zgzip', '-z1'] : ['-Zxz'];
    execFileSync('dpkg-deb', ['--root-owner-group', ...compression, '--build', tree, path], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, SOURCE_DATE_EPOCH: String(deb.epochSeconds) },
    });
    return path;
  } finally {
    rmSync(tree, { recursive: true });
  }
}

/** The control file (Debian Policy, section 5.3). */
export function controlOf(deb: DebPackage, bytes: number): string {
  const fields = {
    Package: deb.name,
    Version: deb.version,
    Architecture: deb.architecture,
    Maintainer: maintainer,
    'Installed-Size': String(Math.ceil(bytes / 1024)),
    ...deb.fields,
    Section: 'admin',
    Priority: 'optional',
    Description: deb.summary,
  };
  const description = deb.description.map((line) => (line === '' ? ' .\n' : ` ${line}\n`)).join('');
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`);
  return lines.join('') + description;
}

function writeInto(tree: string, name: string, content: Content, mode: number): string {
  const path = join(tree, name);
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(path, content);
  else copyFileSync(content.copyOf, path);
  chmodSync(path, mode);
  return path;
}

function md5(path: string): string {
  return createHash('md5').update(readFileSync(path)).digest('hex');
}
