/** What the kubelet needs of the machine. Decides nothing. */
import { join } from 'node:path';
import { createBindInside } from '../host/bind-inside.ts';
import { createUsageReader } from '../host/cgroup-usage.ts';
import { createCgroups, hasMemoryCgroups } from '../host/cgroups.ts';
import { createDeviceNodes } from '../host/device-nodes.ts';
import { diskUsage } from '../host/disk-usage.ts';
import { createFiles } from '../host/files.ts';
import { createMounts } from '../host/mounts.ts';
import { createNodeSignals } from '../host/node-signals.ts';
import { runChild } from '../host/run-child.ts';
import { createTmpfs } from '../host/tmpfs.ts';
import { watchPaths } from '../host/watch-paths.ts';
import type { KubeletDeps } from './kubelet.ts';

/** @param stopping aborts when the process stops: children that mount end with it */
export async function openKubeletHost(dataDir: string, stopping: AbortSignal): Promise<KubeletDeps['host']> {
  const usage = await createUsageReader();
  const mountTable = createMounts(runChild);
  return {
    files: createFiles(),
    mounts: {
      ...createTmpfs(runChild, mountTable, stopping),
      bindInside: createBindInside(runChild, mountTable, stopping),
    },
    cgroups: await createCgroups(),
    watchPaths,
    deviceNodes: createDeviceNodes(),
    usage,
    signals: createNodeSignals({ nodefs: dataDir, imagefs: join(dataDir, 'containerd') }),
    diskUsage,
    hasMemoryCgroups: await hasMemoryCgroups(),
  };
}
