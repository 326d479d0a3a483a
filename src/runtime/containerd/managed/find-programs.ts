/** Finds containerd and what it needs on the machine. */
import { access, constants, readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { StatusError } from '../../../lib/status-error.ts';

export interface SearchPlaces {
  /** Searched after PATH, which a service manager may have cut short. */
  readonly programs: readonly string[];
  readonly cni: readonly string[];
}

const usualPlaces: SearchPlaces = {
  programs: ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'],
  // Debian's place, upstream's, Fedora's.
  cni: ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'],
};

const howToInstall = 'install it with: apt-get install containerd runc containernetworking-plugins';

export interface Programs {
  readonly containerd: string;
  /** PATH for containerd, which starts its shim and runc by name. */
  readonly path: string;
  /** Directories that hold the CNI plug-ins, at least one. */
  readonly cniDirectories: readonly string[];
}

/**
 * @param path the PATH variable
 * @throws StatusError `NotFound`, for a person: what is missing and how to install it
 */
export async function findPrograms(path: string, places: SearchPlaces = usualPlaces): Promise<Programs> {
  const inPath = path.split(':').filter((part) => part.startsWith('/'));
  const directories = [...new Set([...inPath, ...places.programs])];
  const find = async (name: string): Promise<string> => {
    for (const directory of directories) {
      const candidate = join(directory, name);
      if (await isExecutable(candidate)) return candidate;
    }
    throw new StatusError('NotFound', `${name} is not installed; ${howToInstall}`);
  };
  const containerd = await find('containerd');
  await find('containerd-shim-runc-v2');
  await find('runc');
  const found: string[] = [];
  for (const directory of places.cni) {
    const plugins = ['bridge', 'host-local', 'portmap', 'loopback'].map((name) => join(directory, name));
    if ((await Promise.all(plugins.map(isExecutable))).every(Boolean)) found.push(directory);
  }
  if (found.length === 0) {
    throw new StatusError('NotFound', `the CNI plug-ins are not in ${places.cni.join(' or ')}; ${howToInstall}`);
  }
  return { containerd, path: directories.join(':'), cniDirectories: found };
}

/** CAP_SYS_RESOURCE, without which no process may lower its oom_score_adj. */
const sysResourceBit = 24n;

/** Whether this process (and so its children) may lower oom_score_adj. */
export async function mayLowerOomScore(): Promise<boolean> {
  return hasCapability(await readFile('/proc/self/status', 'utf8'), sysResourceBit);
}

/** @param status the content of `/proc/PID/status` */
export function hasCapability(status: string, bit: bigint): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> bit) & 1n) === 1n;
}

/** File systems on which overlayfs cannot have its upper layer: overlayfs itself and eCryptfs. */
const noOverlayUpon = [0x794c7630, 0xf15f];

/** The snapshotter for a directory: `native` copies whole file trees, but works where overlayfs does not. */
export async function snapshotterFor(directory: string): Promise<'overlayfs' | 'native'> {
  const { type } = await statfs(directory);
  return noOverlayUpon.includes(type) ? 'native' : 'overlayfs';
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
