/** Removes what containerd leaves of a pod's cgroup, in version 1 (a tree a controller) and 2 (one tree) alike. */
import { readdir, readFile, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Processes } from '../../../host/processes.ts';

const mountPoint = '/sys/fs/cgroup';

/**
 * Ends the processes that are still in it (of a container whose shim was killed nobody else would), removes it, and
 * the directories above it that are empty then. Fine when there is none.
 *
 * @param path below the cgroup root, of one pod alone
 */
export async function removePodCgroup(path: string, processes: Processes, signal: AbortSignal): Promise<void> {
  const hierarchies = ['', ...(await readdir(mountPoint).catch(() => []))];
  for (const hierarchy of hierarchies) {
    const directory = join(mountPoint, hierarchy, path);
    await removeTree(directory, processes, signal);
    const top = join(mountPoint, hierarchy);
    // One that is in use refuses; then so do those above it.
    for (let parent = dirname(directory); parent !== top; parent = dirname(parent)) await rmdir(parent).catch(() => {});
  }
}

async function removeTree(directory: string, processes: Processes, signal: AbortSignal): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return;
  for (const entry of entries) {
    if (entry.isDirectory()) await removeTree(join(directory, entry.name), processes, signal);
  }
  const members = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '');
  for (const pid of members.split('\n').filter(Boolean).map(Number)) {
    const found = await processes.find(pid);
    if (found === undefined) continue;
    await processes.kill(found, 'SIGKILL');
    await processes.waitUntilGone(found, 5_000, signal);
  }
  await rmdir(directory).catch(() => {});
}
