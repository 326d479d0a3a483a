import type { Clock } from '../../lib/clock.ts';
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

/** @throws TreeError Gone when there is no such directory */
export function openTree({ root, staging, owner }: TreeOptions, clock: Clock): ServeTreeDeps {
  const places = new TreePlaces(root);
  return { places, clock, writer: new TreeWriter({ places, staging, owner, now: () => clock.now() }) };
}
