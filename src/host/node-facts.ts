/** What the machine is: read once at the start, except what may change. */
import { readFile, statfs } from 'node:fs/promises';
import { arch, availableParallelism, release, totalmem } from 'node:os';

export interface NodeFacts {
  /** Go's name: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly kernelVersion: string;
  /** For example `Debian GNU/Linux 12 (bookworm)`. */
  readonly osImage: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Size of the file system that holds the data directory. */
  readonly storageBytes: number;
  /** The kernel enforces AppArmor profiles. */
  readonly hasAppArmor: boolean;
}

/** @param dataDir any path on the file system that holds pods and images */
export async function readNodeFacts(dataDir: string): Promise<NodeFacts> {
  const { blocks, bsize } = await statfs(dataDir);
  const osRelease = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const appArmor = await readFile('/sys/module/apparmor/parameters/enabled', 'utf8').catch(() => '');
  return {
    architecture: goArchitecture(arch()),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(osRelease)?.[1] ?? 'Linux',
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    storageBytes: blocks * bsize,
    hasAppArmor: appArmor.startsWith('Y'),
  };
}

function goArchitecture(name: string): string {
  const names: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };
  return names[name] ?? name;
}
