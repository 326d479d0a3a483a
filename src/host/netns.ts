/** Named network namespaces in /run/netns, as `ip netns` and containerd's CRI make them. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { StatusError } from '../lib/status-error.ts';
import type { Mounts } from './mounts.ts';
import type { RunChild } from './run-child.ts';

const directory = '/run/netns';

export interface NetworkNamespaces {
  /** Names; empty when there are none. */
  list(): Promise<readonly string[]>;
  /** IPv4 addresses of its interfaces, without prefix length; empty when it cannot be entered. */
  addresses(name: string, signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Makes their directory a mount point, as `ip netns` does at its first use on a machine. To be called before
   * anybody keeps a namespace there: `ip netns` binds the directory with all that is in it, and what was there
   * already is mounted in two places from then on and can be removed by nobody ("device or resource busy").
   */
  prepare(signal: AbortSignal): Promise<void>;
  /** Takes that mount away, unless somebody keeps a namespace there. */
  leave(signal: AbortSignal): Promise<void>;
  /** Its processes, if any, keep it alive; the name is gone. Fine when there is none. */
  remove(name: string, signal: AbortSignal): Promise<void>;
}

/** @param list names in the directory; what is there by default */
export function createNetworkNamespaces(
  runChild: RunChild,
  mounts: Mounts,
  list: () => Promise<readonly string[]> = namesInDirectory,
): NetworkNamespaces {
  const mount = async (args: readonly string[], signal: AbortSignal): Promise<void> => {
    const { exitCode, stderr } = await runChild('mount', args, signal);
    if (exitCode !== 0) throw new StatusError('InternalError', `mount ${args.join(' ')}: ${stderr.trim()}`);
  };
  return {
    list,
    prepare: async (signal) => {
      const mounted = await mounts.list();
      if (mounted.includes(directory)) return;
      // With namespaces in it the harm is done, or would be done here. A mount below whose name is not there is covered by
      // another and nobody's any more.
      if ((await list()).some((name) => mounted.includes(`${directory}/${name}`))) return;
      await mkdir(directory, { recursive: true, mode: 0o755 });
      await mount(['--bind', directory, directory], signal);
      await mount(['--make-shared', directory], signal);
    },
    leave: async (signal) => {
      if (!(await mounts.list()).includes(directory) || (await list()).length > 0) return;
      // Not lazily: when another instance has made a namespace there in this moment, the kernel refuses.
      const { exitCode, stderr } = await runChild('umount', [directory], signal);
      if (exitCode === 0 || /busy|not mounted/.test(stderr)) return;
      throw new StatusError('InternalError', `cannot unmount ${directory}: ${stderr.trim()}`);
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

async function namesInDirectory(): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
