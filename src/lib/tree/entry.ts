/** What stands in a tree of files, as much of it as two trees are compared by. */

/** A regular file. */
export interface FileEntry {
  readonly kind: 'file';
  /** Permission bits, at most 0o777: set-user-id and its like are not carried from machine to machine. */
  readonly mode: number;
  readonly size: number;
  /** Last change of the content, in whole milliseconds since 1970: what every file system and `utimes` agree on. */
  readonly mtimeMs: number;
}

/** A directory; what is in it are entries of their own. */
export interface DirectoryEntry {
  readonly kind: 'directory';
  readonly mode: number;
}

/** A symbolic link, which is carried and never followed. */
export interface LinkEntry {
  readonly kind: 'link';
  /** As written; it may lead anywhere or nowhere. */
  readonly target: string;
}

/** What a tree can hold. Sockets, devices and FIFOs are `special`, and never carried. */
export type Entry = FileEntry | DirectoryEntry | LinkEntry;

/** An entry and where it stands. */
export interface PlacedEntry {
  /** Relative to the root of the tree, parts joined by `/`; see `isTreePath`. */
  readonly path: string;
  readonly entry: Entry;
}

/** Whether nobody has to look at the content: the same kind, permissions, size and time, or link. */
export function isSameEntry(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return isSameContent(a, b) && (a.kind === 'link' || a.mode === (b as FileEntry).mode);
}

/** As `isSameEntry`, but for permissions. Size and time stand for the content of a file, as for rsync. */
export function isSameContent(a: Entry, b: Entry): boolean {
  if (a.kind === 'file') return b.kind === 'file' && a.size === b.size && a.mtimeMs === b.mtimeMs;
  if (a.kind === 'link') return b.kind === 'link' && a.target === b.target;
  return b.kind === 'directory';
}
