/** Names of places in a tree: relative, parts joined by `/`, never out of it. */

/** Linux' PATH_MAX; longer ones can be named on neither side. */
const maxPathBytes = 4_000;
const maxNameBytes = 255;

/** Names that begin so are ours: files on their way. They are in no tree. */
export const ownPrefix = '.eliot-sync';

/** Whether a name is ours, also on a disk that does not tell `a` from `A`. */
export function isOwnName(name: string): boolean {
  return name.startsWith('.') && name.slice(0, ownPrefix.length).toLowerCase() === ownPrefix;
}

/** What Apple's file systems leave out when they compare names. */
const ignoredByApple = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** What a name is to the system that tells fewest apart: in small letters, without what Apple's and Windows' disks pass over. */
export function foldName(name: string): string {
  return name
    .replace(ignoredByApple, '')
    .replace(/[. ]*(:.*)?$/, '')
    .toLowerCase();
}

/** Whether git, on some system, takes what has this name for its own directory: the names that git itself refuses to check out. */
export function isGitName(name: string): boolean {
  return /^(\.git|git~1)$/.test(foldName(name));
}

/**
 * Whether `path` names a place below the root: no empty part, no `.` and `..`, nothing absolute, no NUL, not ours, and no name
 * that was no UTF-8 (it could not be written back). Everything that comes over the wire is asked this first.
 */
export function isTreePath(path: string): boolean {
  if (path === '' || path.includes('\0') || path.includes('\uFFFD') || Buffer.byteLength(path) > maxPathBytes) {
    return false;
  }
  return path.split('/').every(isTreeName);
}

function isTreeName(name: string): boolean {
  return (
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    !isOwnName(name) &&
    // Most names are short; the bytes are counted of those only that may be too long.
    (name.length <= maxNameBytes / 4 || Buffer.byteLength(name) <= maxNameBytes)
  );
}

/** The directory that a path stands in; empty for the root. */
export function parentOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? '' : path.slice(0, end);
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** @param directory empty for the root */
export function joinPath(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

/** Every directory above a path, the outermost first; without the root. */
export function ancestorsOf(path: string): string[] {
  const ancestors: string[] = [];
  for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) ancestors.push(path.slice(0, end));
  return ancestors;
}

/**
 * The name by which a second version of something is kept beside the first: `name.conflict-20261129-011500`, and a number
 * when that is taken too.
 *
 * @param epochMs when it was found
 */
export function conflictPath(path: string, epochMs: number, attempt: number): string {
  const time = new Date(epochMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const ending = `.conflict-${time}${attempt === 0 ? '' : `-${attempt}`}`;
  const parent = parentOf(path);
  let name = nameOf(path);
  while (Buffer.byteLength(name) + ending.length > maxNameBytes) name = name.slice(0, -1);
  return joinPath(parent, `${name}${ending}`);
}
