import type { Clock } from '../../lib/clock.ts';
import { readBootId, treeIdentity } from '../../lib/tree/tree-identity.ts';
import { TreePlaces } from '../../lib/tree/tree-places.ts';
import { type TreeOwner, TreeWriter } from '../../lib/tree/tree-writer.ts';
import type { ServeTreeDeps } from './serve-tree.ts';

/** Where a session writes, as eliotd tells its child. */
export interface TreeOptions {
  readonly root: string;
  /** Beside the tree on the same file system, where files are written first; undefined when that cannot be. */
  readonly staging: string | undefined;
  readonly owner: TreeOwner;
}

/**
 * @param bootId as `treeIdentity` wants it; default: that of this machine
 * @throws TreeError Gone when there is no such directory
 */
export function openTree(
  { root, staging, owner }: TreeOptions,
  clock: Clock,
  bootId: string = readBootId(),
): ServeTreeDeps {
  const places = new TreePlaces(root);
  const writer = new TreeWriter({ places, staging, owner, now: () => clock.now() });
  return { places, clock, writer, identity: treeIdentity(root, bootId) };
}
