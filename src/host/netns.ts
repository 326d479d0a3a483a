/** Named network namespaces in /run/netns, as `ip netns` and containerd's CRI make them. */
import { readdir, rm } from 'node:fs/promises';
import type { Mounts } from './mounts.ts';
import type { RunChild } from './run-child.ts';

const directory = '/run/netns';

export interface NetworkNamespaces {
  /** Names; empty when there are none. */
  list(): Promise<readonly string[]>;
  /** IPv4 addresses of its interfaces, without prefix length; empty when it cannot be entered. */
  addresses(name: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Its processes, if any, keep it alive; the name is gone. Fine when there is none. */
  remove(name: string, signal: AbortSignal): Promise<void>;
}

export function createNetworkNamespaces(runChild: RunChild, mounts: Mounts): NetworkNamespaces {
  return {
    list: async () => {
      try {
        return await readdir(directory);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    },
    addresses: async (name, signal) => {
      const path = `${directory}/${name}`;
      const result = await runChild('nsenter', [`--net=${path}`, 'ip', '-o', '-4', 'address'], signal);
      return result.exitCode === 0
        ? [...result.stdout.matchAll(/ inet ([0-9.]+)/g)].map((match) => match[1] ?? '')
        : [];
    },
    remove: async (name, signal) => {
      const path = `${directory}/${name}`;
      if ((await mounts.list()).includes(path)) await mounts.unmount(path, signal);
      await rm(path, { force: true });
    },
  };
}
