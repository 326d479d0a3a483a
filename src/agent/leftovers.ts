/**
 * Removes what earlier runs left of pods that exist no more: their objects were removed by force while
 * nobody was looking. Run once, when every pod is known and the runtime was listed.
 */
import type { Cgroups } from '../host/cgroups.ts';
import type { Files } from '../host/files.ts';
import type { Logger } from '../lib/logger.ts';

export interface LeftoversDeps {
  readonly files: Pick<Files, 'list' | 'remove'>;
  readonly unmountBelow: (path: string) => Promise<void>;
  readonly cgroups: Pick<Cgroups, 'list' | 'remove'>;
  readonly log: Logger;
  /** Directories with one entry a pod, named by its uid. */
  readonly podDirectories: readonly string[];
  /** Directories with one entry a pod, whose name ends with `_<uid>`. */
  readonly logDirectories: readonly string[];
  /** Control groups with one group `pod<uid>` a pod. */
  readonly cgroupParents: readonly string[];
}

/** Never throws: what cannot be read or removed now is tried again at the next start. */
export async function removeLeftovers(deps: LeftoversDeps, isKnown: (uid: string) => boolean): Promise<void> {
  try {
    await removeAll(deps, isKnown);
  } catch (error) {
    deps.log.warn('cannot look for what former pods left', { error });
  }
}

async function removeAll(deps: LeftoversDeps, isKnown: (uid: string) => boolean): Promise<void> {
  const { files, cgroups, log } = deps;
  const attempt = async (what: string, remove: () => Promise<void>): Promise<void> => {
    try {
      await remove();
      log.info('removed what a former pod left', { path: what });
    } catch (error) {
      log.warn('cannot remove what a former pod left', { path: what, error });
    }
  };
  for (const directory of deps.podDirectories) {
    for (const uid of (await files.list(directory)) ?? []) {
      const path = `${directory}/${uid}`;
      if (isKnown(uid)) continue;
      await attempt(path, async () => {
        await deps.unmountBelow(path);
        await files.remove(path);
      });
    }
  }
  for (const directory of deps.logDirectories) {
    for (const entry of (await files.list(directory)) ?? []) {
      const path = `${directory}/${entry}`;
      if (!isKnown(entry.slice(entry.lastIndexOf('_') + 1))) await attempt(path, () => files.remove(path));
    }
  }
  for (const parent of deps.cgroupParents) {
    for (const name of await cgroups.list(parent)) {
      const path = `${parent}/${name}`;
      if (name.startsWith('pod') && !isKnown(name.slice(3))) await attempt(path, () => cgroups.remove(path));
    }
  }
}
