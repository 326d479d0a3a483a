/** Where the managed containerd of one instance keeps everything. Two instances share no path. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';

export interface ManagedLayout {
  /** Eight digits from the data directory; names what is outside of the directories: chains, the network. */
  readonly instance: string;
  /** Images, snapshots, containerd's own records. On disk. */
  readonly root: string;
  /** Everything that must not outlive a boot. */
  readonly state: string;
  readonly socketPath: string;
  readonly configPath: string;
  readonly pidPath: string;
  readonly logPath: string;
  /** FIFOs of execs. */
  readonly fifoDirectory: string;
  /** `hosts.toml` files of registries, read at each pull. */
  readonly registryDirectory: string;
  readonly cniDirectory: string;
  readonly cniConfigPath: string;
  /** Leases of pod addresses: they must not outlive a boot either. */
  readonly cniLeaseDirectory: string;
  /** The boot in which this instance last ran. */
  readonly bootIdPath: string;
  /** There from a boot until the images of before were settled. */
  readonly unsettledPath: string;
  /** There when this instance turned on forwarding. */
  readonly forwardingPath: string;
  /** Name of the CNI network. */
  readonly network: string;
  /** Name of our chains in iptables. */
  readonly chain: string;
}

export function layoutOf(directories: { readonly dataDir: string; readonly runDir: string }): ManagedLayout {
  const { dataDir, runDir } = directories;
  const instance = createHash('sha256').update(dataDir).digest('hex').slice(0, 8);
  const root = join(dataDir, 'containerd');
  const state = join(runDir, 'containerd');
  const cniDirectory = join(runDir, 'cni');
  return {
    instance,
    root,
    state,
    socketPath: join(state, 'containerd.sock'),
    configPath: join(state, 'config.toml'),
    pidPath: join(state, 'containerd.pid'),
    logPath: join(state, 'containerd.log'),
    fifoDirectory: join(state, 'fifo'),
    registryDirectory: join(root, 'certs.d'),
    cniDirectory,
    cniConfigPath: join(cniDirectory, '10-eliot.conflist'),
    cniLeaseDirectory: join(cniDirectory, 'leases'),
    bootIdPath: join(root, 'eliot-boot-id'),
    unsettledPath: join(state, 'images-unsettled'),
    forwardingPath: join(state, 'turned-on-forwarding'),
    network: `eliot-${instance}`,
    chain: `ELIOT-${instance}`,
  };
}
