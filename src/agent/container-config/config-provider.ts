/**
 * Makes the configurations of sandboxes and containers: gathers what the pure rules of this
 * folder need (lookups, files of the device), and writes the two files every container gets.
 */
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import type { Files } from '../../host/files.ts';
import type { ContainerConfig, ContainerId, DnsConfig, Image, Mount, SandboxConfig } from '../../runtime/runtime.ts';
import { type AssignedDevices, containerConfig } from './container-config.ts';
import { type ConfigSources, ContainerConfigError, containerEnv } from './container-env.ts';
import { type QosClassName, unenforceableLimit } from './container-resources.ts';
import type { PodFacts } from './field-ref.ts';
import { hostsFile } from './hosts-file.ts';
import { sandboxConfig } from './sandbox-config.ts';
import { expandSubPath } from './sub-path-expression.ts';

export interface ConfigProviderDeps {
  readonly instanceId: string;
  readonly sources: ConfigSources;
  readonly files: Pick<Files, 'readFile' | 'makeDirectory' | 'writeFile' | 'info'>;
  /** Directory of a pod's log files. */
  readonly logDirectory: (pod: Pod) => string;
  /** Directory on tmpfs for what the agent writes for a pod. */
  readonly podRunDirectory: (uid: string) => string;
  readonly cgroupParent: (pod: Pod) => string;
  /** What the pod resolves names with, and the file that says so inside its containers. */
  readonly dns: { configOf(pod: Pod): Promise<DnsConfig>; fileOf(pod: Pod): Promise<string> };
  readonly seccompDirectory: string;
  /** What the pod's RuntimeClass says; empty without one. Rejects when there is no such class. */
  readonly runtimeHandler: (pod: Pod) => Promise<string>;
  readonly qos: (pod: Pod) => QosClassName;
  readonly hash: (container: Container) => string;
  readonly memoryCapacityBytes: number;
  readonly hostIPs: () => readonly string[];
  readonly allocatable: () => PodFacts['allocatable'];
  /** Host path behind a mount; prepares `subPath` in it. `place` tells the mounts of a pod apart. */
  readonly mountSource: (pod: Pod, volumeName: string, subPath: string, place: string) => Promise<string>;
  readonly isReadOnlyVolume: (pod: Pod, volumeName: string) => boolean;
  readonly devices: DeviceProvider;
  /** False on a kernel that cannot limit memory. */
  readonly hasMemoryCgroups: boolean;
  /** See `PodFacts.apiVariables`; asked for when the sandbox is up. */
  readonly apiVariables: (pod: Pod) => Promise<PodFacts['apiVariables']>;
}

/** Whoever hands devices of the machine out; a sentence when there are too few. */
export interface DeviceProvider {
  assign(pod: Pod, container: Container): Promise<AssignedDevices | string>;
}

export interface ContainerIdentity {
  readonly attempt: number;
  readonly restartCount: number;
  readonly backOffCount: number;
  readonly pidTarget?: ContainerId | undefined;
}

export type ConfigResult =
  | { readonly kind: 'Config'; readonly config: ContainerConfig }
  | { readonly kind: 'Waiting'; readonly waiting: { readonly reason: string; readonly message: string } };

export class ConfigProvider {
  readonly #deps: ConfigProviderDeps;

  constructor(deps: ConfigProviderDeps) {
    this.#deps = deps;
  }

  /** @throws StatusError `Invalid` when the device cannot run the pod as asked */
  async sandbox(pod: Pod, attempt: number): Promise<SandboxConfig> {
    const { instanceId, logDirectory, cgroupParent, seccompDirectory, dns, runtimeHandler } = this.#deps;
    return sandboxConfig(pod, attempt, {
      instanceId,
      logDirectory: logDirectory(pod),
      cgroupParent: cgroupParent(pod),
      seccompDirectory,
      dns: await dns.configOf(pod),
      runtimeHandler: await runtimeHandler(pod),
    });
  }

  /** `CreateContainerConfigError` with the kubelet's message when something is missing or forbidden. */
  async container(
    pod: Pod,
    container: Container,
    image: Image,
    identity: ContainerIdentity,
    podIPs: readonly string[],
  ): Promise<ConfigResult> {
    const { instanceId, sources, hash, qos, memoryCapacityBytes, hostIPs, allocatable, seccompDirectory } = this.#deps;
    try {
      const ips = pod.spec.hostNetwork ? hostIPs() : podIPs;
      const facts: PodFacts = {
        podIPs: ips,
        hostIPs: hostIPs(),
        allocatable: allocatable(),
        apiVariables: await this.#deps.apiVariables(pod),
      };
      const unenforceable = this.#deps.hasMemoryCgroups ? undefined : unenforceableLimit(container);
      if (unenforceable !== undefined) throw new ContainerConfigError(unenforceable);
      const devices = await this.#deps.devices.assign(pod, container);
      if (typeof devices === 'string') throw new ContainerConfigError(devices);
      const env = new Map([...deviceVariables(devices), ...containerEnv(pod, container, sources, facts)]);
      // Files that do not depend on each other, at once: they are part of how long a restart takes.
      const [mounts, hostsFile, resolvConf, terminationLog] = await Promise.all([
        this.#mounts(pod, container, env),
        this.#writeHostsFile(pod, podIPs),
        this.#deps.dns.fileOf(pod),
        this.#writeTerminationLog(pod, container, identity.attempt),
      ]);
      const config = containerConfig(pod, container, {
        instanceId,
        hash: hash(container),
        ...identity,
        image,
        env,
        mounts,
        hostsFile,
        resolvConf,
        terminationLog,
        seccompDirectory,
        qos: qos(pod),
        memoryCapacityBytes,
        devices,
      });
      return { kind: 'Config', config };
    } catch (error) {
      if (!(error instanceof ContainerConfigError)) throw error;
      return { kind: 'Waiting', waiting: { reason: 'CreateContainerConfigError', message: error.message } };
    }
  }

  async #mounts(pod: Pod, container: Container, env: ReadonlyMap<string, string>): Promise<readonly Mount[]> {
    const mounts: Mount[] = [];
    for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
      if (mount.recursiveReadOnly === 'Enabled') {
        throw new ContainerConfigError(
          `failed to resolve recursive read-only mode: volume "${mount.name}" requested recursive read-only mode, but it is not supported by the runtime`,
        );
      }
      const subPath = mount.subPathExpr ? expandSubPath(mount.subPathExpr, env) : (mount.subPath ?? '');
      try {
        mounts.push({
          containerPath: mount.mountPath,
          hostPath: await this.#deps.mountSource(pod, mount.name, subPath, `${container.name}/${index}`),
          readonly: mount.readOnly === true || this.#deps.isReadOnlyVolume(pod, mount.name),
          propagation: (mount.mountPropagation ?? 'None') as Mount['propagation'],
        });
      } catch (cause) {
        if (subPath === '') throw cause;
        throw new ContainerConfigError(
          `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}"`,
          { cause },
        );
      }
    }
    return mounts;
  }

  async #writeHostsFile(pod: Pod, podIPs: readonly string[]): Promise<string> {
    const { files, podRunDirectory } = this.#deps;
    const directory = podRunDirectory(pod.metadata.uid ?? '');
    const path = `${directory}/etc-hosts`;
    const hostsOfNode = pod.spec.hostNetwork ? ((await files.readFile('/etc/hosts'))?.toString() ?? '') : '';
    await files.makeDirectory(directory, 0o750);
    await files.writeFile(path, hostsFile(pod, podIPs, hostsOfNode), 0o644);
    return path;
  }

  /** An empty file anybody may write: the container's user is not known here (kubelet does the same). */
  async #writeTerminationLog(pod: Pod, container: Container, attempt: number): Promise<string> {
    const { files, podRunDirectory } = this.#deps;
    const directory = `${podRunDirectory(pod.metadata.uid ?? '')}/containers/${container.name}`;
    const path = `${directory}/${attempt}`;
    await files.makeDirectory(directory, 0o750);
    await files.writeFile(path, '', 0o666);
    return path;
  }
}

/** `ELIOT_DEVICE_SERIAL=/dev/ttyUSB0,…`: which of the devices of a name it got. */
function deviceVariables({ paths }: AssignedDevices): readonly (readonly [string, string])[] {
  return Object.entries(paths).map(([resource, given]) => {
    const name = resource.slice(resource.indexOf('/') + 1).replaceAll(/[^a-z0-9]/g, '_');
    return [`ELIOT_DEVICE_${name.toUpperCase()}`, given.join(',')];
  });
}
