/** Reads a tree of files, as far as it is not ignored. */
import { closeSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Entry } from './entry.ts';
import { type IgnoreRules, ignoreKindOf } from './ignore-rules.ts';
import { TreeError, treeErrorOf } from './tree-error.ts';
import { isTreePath, joinPath } from './tree-path.ts';
import { entryOf, type TreePlaces } from './tree-places.ts';

/** More entries than this are no project; 200,000 of them take some 60 MB. */
export const maxTreeEntries = 200_000;
/** A longer one is no file of rules. */
const maxRulesBytes = 1024 * 1024;

/** What a directory of a tree holds. */
export interface DirectoryContent {
  /** By path in the tree. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** Names that cannot be carried: no UTF-8, or ours. */
  readonly unnamable: number;
  /** Sockets, devices and FIFOs. */
  readonly special: number;
}

/**
 * One directory, not what is below it; empty when it is gone. What vanishes meanwhile is left out.
 *
 * @throws TreeError Failed when it may not be read
 */
function readTreeDirectory(places: TreePlaces, path: string, rules: IgnoreRules): DirectoryContent {
  const entries = new Map<string, Entry>();
  let unnamable = 0;
  let special = 0;
  let directory: string;
  let names: string[];
  try {
    directory = places.directory(path);
    names = readdirSync(directory);
  } catch (error) {
    const { code } = treeErrorOf(error, path);
    if (path !== '' && (code === 'Changed' || code === 'Blocked')) return { entries, unnamable, special };
    throw treeErrorOf(error, path === '' ? '.' : path);
  }
  for (const name of names) {
    const child = joinPath(path, name);
    if (!isTreePath(child)) {
      unnamable += 1;
      continue;
    }
    const entry = entryIn(directory, name);
    if (entry === 'special') special += 1;
    else if (entry !== undefined && !rules.ignoresInside(child, entry.kind === 'directory')) entries.set(child, entry);
  }
  return { entries, unnamable, special };
}

function entryIn(directory: string, name: string): Entry | 'special' | undefined {
  const place = `${directory}/${name}`;
  try {
    return entryOf(lstatSync(place), () => readlinkSync(place));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EINVAL') return undefined;
    throw treeErrorOf(error, name);
  }
}

export interface ScanOptions {
  readonly addRules?: boolean;
  /** Told each directory before anything in it is looked at. */
  readonly onDirectory?: ((path: string) => void) | undefined;
}

/**
 * Everything below `path`, parents before what is in them. Rules that it meets (`.gitignore`) are added to `rules` and hold
 * from there on, unless `addRules` is false.
 *
 * @throws TreeError Invalid when there is too much
 */
export function scanTree(
  places: TreePlaces,
  path: string,
  rules: IgnoreRules,
  { addRules = true, onDirectory }: ScanOptions = {},
): Map<string, Entry> {
  const found = new Map<string, Entry>();
  const waiting = [path];
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    onDirectory?.(directory);
    if (addRules) addRulesOf(places, directory, rules);
    for (const [child, entry] of readTreeDirectory(places, directory, rules).entries) {
      found.set(child, entry);
      if (entry.kind === 'directory') waiting.push(child);
    }
    if (found.size > maxTreeEntries) {
      throw new TreeError(
        'Invalid',
        `there are more than ${maxTreeEntries} files: name what need not be there in .eliotignore`,
      );
    }
  }
  return found;
}

function addRulesOf(places: TreePlaces, directory: string, rules: IgnoreRules): void {
  const names = directory === '' ? ['.gitignore', '.dockerignore', '.eliotignore'] : ['.gitignore'];
  for (const name of names) {
    const path = joinPath(directory, name);
    const kind = ignoreKindOf(path);
    if (kind === undefined) continue;
    const entry = places.entryAt(path);
    if (entry === undefined || entry === 'special' || entry.kind !== 'file' || entry.size > maxRulesBytes) continue;
    const { fd } = places.openFile(path);
    try {
      rules.add({ kind, directory, text: readFileSync(fd, 'utf8') });
    } finally {
      closeSync(fd);
    }
  }
}
