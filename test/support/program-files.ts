/** The files that a program of this machine needs to run in an image, and the directories that they lie in. */
import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import type { TarEntry } from 'modern-tar';
import { busyboxEntries } from '../../scripts/busybox-image.ts';
import { directoryEntry, fileEntry, linkEntry } from '../../scripts/image-archive.ts';

/** As the loader finds them: by the names that `ldd` prints, which are links to the files. */
export function librariesOf(program: string): string[] {
  const printed = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...printed.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? '');
}

/** Entries for files of this machine at the same paths; directories that busybox's layer has already are left out. */
export function entriesOf(paths: readonly string[]): TarEntry[] {
  return [...parentsOf(paths).map((path) => directoryEntry(path.slice(1))), ...paths.map(entryOf)];
}

/** Directories from the root on, each once. */
function parentsOf(paths: readonly string[]): string[] {
  const parents = new Set<string>();
  const has = new Set(busyboxEntries().map(({ header }) => `/${header.name.replace(/\/$/, '')}`));
  for (const path of paths) {
    for (let parent = dirname(path); parent !== '/'; parent = dirname(parent))
      if (!has.has(parent)) parents.add(parent);
  }
  return [...parents].sort();
}

function entryOf(path: string): TarEntry {
  const name = path.slice(1);
  const isLibraryLink = path.includes('.so');
  const stat = lstatSync(path);
  if (stat.isSymbolicLink() && !isLibraryLink) return linkEntry(name, readlinkSync(path));
  return fileEntry(name, readFileSync(path), stat.isSymbolicLink() ? 0o755 : stat.mode & 0o777);
}
