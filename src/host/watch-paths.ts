/**
 * Notices when files change that others own: written in place, replaced by a rename, or reached by other links than
 * before. Costs a few inotify watches and no CPU while nothing happens.
 */
import { type FSWatcher, readlinkSync, statSync, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

/** More links than this in a row are a loop. */
const maxLinks = 16;

/**
 * Calls `onChange` after something that `paths` (absolute) depend on changed, until `signal` aborts. It may be called
 * more often than that, and several times for one change. Files and directories may be missing, and may come later.
 */
export function watchPaths(paths: readonly string[], onChange: () => void, signal: AbortSignal): void {
  let watchers: FSWatcher[] = [];
  const close = (): void => {
    for (const watcher of watchers) watcher.close();
    watchers = [];
  };
  const arm = (): void => {
    close();
    if (signal.aborted) return;
    for (const [directory, names] of watchedNames(paths)) {
      try {
        const watcher = watch(directory, { persistent: false }, (_event, name) => {
          // The name of the directory itself tells that it is gone, and this watch with it.
          if (name !== null && !names.has(name) && name !== basename(directory)) return;
          // Links may lead elsewhere now, and a directory that was missing may be there.
          arm();
          onChange();
        });
        watcher.on('error', () => watcher.close());
        watchers.push(watcher);
      } catch {
        // It went away since it was looked at: its parent is watched at the next change; or no watch is left.
      }
    }
  };
  signal.addEventListener('abort', close, { once: true });
  arm();
}

/** By directory, the names in it that the paths lead through: the file, every link on the way, or the first missing part. */
function watchedNames(paths: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const names = new Map<string, Set<string>>();
  for (const path of paths) {
    for (const [directory, name] of stepsOf(path)) {
      names.set(directory, (names.get(directory) ?? new Set()).add(name));
    }
  }
  return names;
}

function stepsOf(path: string): readonly (readonly [directory: string, name: string])[] {
  const steps: (readonly [string, string])[] = [];
  let current = path;
  for (let links = 0; links < maxLinks; links += 1) {
    let missing = current;
    while (dirname(missing) !== missing && !isDirectory(dirname(missing))) missing = dirname(missing);
    steps.push([dirname(missing), basename(missing)]);
    const target = missing === current ? linkAt(current) : undefined;
    if (target === undefined) break;
    current = resolve(dirname(current), target);
  }
  return steps;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
