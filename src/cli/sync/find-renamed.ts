import { leastChunkedBytes } from '../../api/sync/chunk-recipe.ts';
import type { Action, Trees } from './compute-actions.ts';

/**
 * Large files that most probably have only got another name: one of the same length and time goes at the same moment. By new path
 * the old one, whose chunks need not be sent. Pure; what is in them is hashed before it is used.
 */
export function findRenamed(actions: readonly Action[], { local, remote }: Trees): ReadonlyMap<string, string> {
  const leaving = new Map<string, string>();
  for (const { kind, path } of actions) {
    const entry = remote.get(path);
    if (kind !== 'removeRemote' || entry?.kind !== 'file' || entry.size < leastChunkedBytes) continue;
    leaving.set(`${entry.size} ${entry.mtimeMs}`, path);
  }
  const renamed = new Map<string, string>();
  for (const { kind, path } of leaving.size === 0 ? [] : actions) {
    const entry = local.get(path);
    if (kind !== 'send' || entry?.kind !== 'file') continue;
    const before = leaving.get(`${entry.size} ${entry.mtimeMs}`);
    if (before !== undefined) renamed.set(path, before);
  }
  return renamed;
}
