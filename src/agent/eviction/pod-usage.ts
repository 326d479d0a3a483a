/** What one pod uses of memory and disk, for eviction: read from control groups, the runtime and its directories. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { UsageReader } from '../../host/cgroup-usage.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { containersNamed, type ObservedPod } from '../observed-pod.ts';
import { allContainers, podRef } from '../pod-names.ts';
import type { EvictionDeps } from './eviction-manager.ts';
import { diskEmptyDirs } from './storage-limits.ts';

export interface PodUsageDeps {
  readonly reader: Pick<UsageReader, 'cgroup'>;
  readonly runtime: Pick<Runtime, 'writableLayerBytes'>;
  readonly observed: { get(uid: string): ObservedPod | undefined };
  readonly cgroupOf: (pod: Pod) => string;
  /** Directory of a pod's logs; undefined when they are in memory. */
  readonly logDirectory: (pod: Pod) => string | undefined;
  readonly emptyDir: (uid: string, volume: NonNullable<Pod['spec']['volumes']>[number]) => string | undefined;
  /** Bytes at and below a path. */
  readonly diskUsage: (path: string) => Promise<number>;
}

export function createPodUsage(deps: PodUsageDeps): EvictionDeps['usage'] {
  return {
    async memory(pod) {
      const { reader, cgroupOf, observed } = deps;
      const cgroup = cgroupOf(pod);
      const usage = await reader.cgroup(cgroup);
      if (usage === undefined) return undefined;
      const containers = new Map<string, number>();
      for (const { name, id, state } of observed.get(podRef(pod).uid)?.containers ?? []) {
        if (state !== 'Running') continue;
        const own = await reader.cgroup(`${cgroup}/${id}`);
        if (own) containers.set(name, own.memory.workingSet);
      }
      return { use: { memoryBytes: usage.memory.workingSet, processes: usage.processes }, containers };
    },
    async disk(pod, signal) {
      const { uid } = podRef(pod);
      const seen = deps.observed.get(uid);
      const logs = deps.logDirectory(pod);
      const containers = new Map<string, number>();
      for (const { name } of allContainers(pod)) {
        const newest = seen && containersNamed(seen, name)[0];
        const layer = newest ? await writableLayer(deps, newest.id, signal) : 0;
        containers.set(name, layer + (logs === undefined ? 0 : await deps.diskUsage(`${logs}/${name}`)));
      }
      const emptyDirs = new Map<string, number>();
      for (const volume of diskEmptyDirs(pod)) {
        const path = deps.emptyDir(uid, volume);
        if (path !== undefined) emptyDirs.set(volume.name, await deps.diskUsage(path));
      }
      return { containers, emptyDirs };
    },
  };
}

async function writableLayer(
  { runtime }: PodUsageDeps,
  id: Parameters<Runtime['writableLayerBytes']>[0],
  signal: AbortSignal,
): Promise<number> {
  try {
    return await runtime.writableLayerBytes(id, signal);
  } catch (error) {
    if (isStatusError(error, 'NotFound')) return 0;
    throw error;
  }
}
