/**
 * Decides what is to be done so that two trees are alike: the laptop's, the device's, and what both were when they last were.
 * Pure; `carry-out.ts` carries it out.
 *
 * One way, the laptop's tree is the truth for what it has: the device gets it, whatever is there; what it has had and has no
 * longer is removed; what only the device has is left alone. Two ways, what was changed on one side goes to the other; what was
 * changed on both is a conflict, of which the laptop's version keeps the name and the device's gets another; a deletion never
 * wins against a change.
 */
import { type Entry, isSameContent, isSameEntry } from '../../lib/tree/entry.ts';

/** Entries by their paths, relative to the root of the tree. */
export interface Trees {
  readonly local: ReadonlyMap<string, Entry>;
  readonly remote: ReadonlyMap<string, Entry>;
  /** What both sides had when they were last alike. */
  readonly base: ReadonlyMap<string, Entry>;
}

/** What is done at a path. */
export type ActionKind =
  /** The device gets what the laptop has. */
  | 'send'
  /** The content is right on the device: permissions and time are not. */
  | 'setRemote'
  | 'removeRemote'
  /** The laptop gets what the device has. */
  | 'fetch'
  | 'removeLocal'
  /** Whether the contents are the same has to be found out: it is set if so, else sent, or kept aside where both were changed. */
  | 'compare'
  /** The device's version gets another name; both paths are looked at again then. */
  | 'keepAside'
  /** Both are alike: that is the base now. */
  | 'adopt'
  /** Neither side has it. */
  | 'forget';

/** One thing to be done. */
export interface Action {
  readonly kind: ActionKind;
  readonly path: string;
}

/** What is to be done at one path; undefined for nothing. */
function computeAction(path: string, trees: Trees, isTwoWay: boolean): ActionKind | undefined {
  const local = trees.local.get(path);
  const remote = trees.remote.get(path);
  const base = trees.base.get(path);
  if (isSameEntry(local, remote)) {
    if (local === undefined) return base === undefined ? undefined : 'forget';
    if (isSameEntry(local, base)) return undefined;
    // Changed on both sides to what looks the same: size and time may be so by chance, and a version would be lost.
    return isTwoWay && base !== undefined && local.kind === 'file' ? 'compare' : 'adopt';
  }
  if (!isTwoWay) return oneWay(local, remote, base);
  const isLocalChanged = !isSameEntry(local, base);
  const isRemoteChanged = !isSameEntry(remote, base);
  if (!isRemoteChanged) return oneWay(local, remote, base);
  if (!isLocalChanged) return remote === undefined ? 'removeLocal' : 'fetch';
  if (local === undefined) return 'fetch';
  if (remote === undefined) return 'send';
  if (isSameContent(local, remote)) return 'setRemote';
  return isMaybeSame(local, remote) ? 'compare' : 'keepAside';
}

function oneWay(local: Entry | undefined, remote: Entry | undefined, base: Entry | undefined): ActionKind | undefined {
  if (local === undefined) return base === undefined ? undefined : 'removeRemote';
  if (remote === undefined) return 'send';
  if (isSameContent(local, remote)) return 'setRemote';
  // What we know to be there is what we had before: it was changed since.
  return isMaybeSame(local, remote) && !isSameEntry(remote, base) ? 'compare' : 'send';
}

/** Of the same length, from another time: a copy, a checkout. */
function isMaybeSame(local: Entry, remote: Entry): boolean {
  return local.kind === 'file' && remote.kind === 'file' && local.size === remote.size;
}

const removing: ReadonlySet<ActionKind> = new Set(['removeRemote', 'removeLocal']);

/**
 * What is to be done at some paths, in the order in which it can be done: what is removed first, the innermost first; then what
 * is made, the outermost first.
 */
export function computeActions(paths: Iterable<string>, trees: Trees, isTwoWay: boolean): Action[] {
  const removals: Action[] = [];
  const others: Action[] = [];
  for (const path of paths) {
    const kind = computeAction(path, trees, isTwoWay);
    if (kind === undefined) continue;
    (removing.has(kind) ? removals : others).push({ kind, path });
    // A directory in the way of a file that is its own goes when it is empty.
    if (kind === 'send' && isDirectoryInTheWay(path, trees)) removals.push({ kind: 'removeRemote', path });
  }
  removals.sort((a, b) => (a.path < b.path ? 1 : -1));
  others.sort((a, b) => (a.path < b.path ? -1 : 1));
  return [...removals, ...others];
}

function isDirectoryInTheWay(path: string, { local, remote, base }: Trees): boolean {
  return (
    remote.get(path)?.kind === 'directory' &&
    base.get(path)?.kind === 'directory' &&
    local.get(path)?.kind !== 'directory'
  );
}
