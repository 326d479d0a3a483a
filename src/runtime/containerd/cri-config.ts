/**
 * A pod's and a container's configuration in CRI's words.
 *
 * CRI adds no security of its own: seccomp left out means unconfined, masked paths left out mean nothing is
 * masked. Everything is therefore said in full, always.
 */
import type {
  ContainerConfig as CriContainerConfig,
  MountPropagation as CriMountPropagation,
  NamespaceMode as CriNamespaceMode,
  SecurityProfile as CriSecurityProfile,
  LinuxContainerSecurityContext,
  NamespaceOption,
  PodSandboxConfig,
} from '../../gen/cri/runtime.ts';
import {
  NamespaceMode as namespaceModes,
  ProfileType,
  Protocol,
  MountPropagation as propagations,
} from '../../gen/cri/runtime.ts';
import { StatusError } from '../../lib/status-error.ts';
import type {
  ContainerConfig,
  ContainerSecurity,
  LinuxResources,
  MountPropagation,
  NamespaceMode,
  NamespaceModes,
  SandboxConfig,
  SecurityProfile,
} from '../runtime.ts';

const modeNumbers: Readonly<Record<NamespaceMode, CriNamespaceMode>> = {
  pod: namespaceModes.POD,
  container: namespaceModes.CONTAINER,
  node: namespaceModes.NODE,
};

const propagationNumbers: Readonly<Record<MountPropagation, CriMountPropagation>> = {
  None: propagations.PROPAGATION_PRIVATE,
  HostToContainer: propagations.PROPAGATION_HOST_TO_CONTAINER,
  Bidirectional: propagations.PROPAGATION_BIDIRECTIONAL,
};

/** @throws StatusError `Invalid` for a hostname together with the host's network */
export function toCriSandboxConfig(config: SandboxConfig): PodSandboxConfig {
  if (config.namespaces.network === 'node' && config.hostname !== undefined) {
    throw new StatusError('Invalid', `pod ${config.namespace}/${config.name} uses the host's network and name`);
  }
  return {
    metadata: { name: config.name, namespace: config.namespace, uid: config.uid, attempt: config.attempt },
    hostname: config.hostname ?? '',
    logDirectory: config.logDirectory,
    dnsConfig: config.dns && {
      servers: [...config.dns.servers],
      searches: [...config.dns.searches],
      options: [...config.dns.options],
    },
    portMappings: config.portMappings.map((mapping) => ({
      protocol: Protocol[mapping.protocol],
      containerPort: mapping.containerPort,
      hostPort: mapping.hostPort,
      hostIp: mapping.hostIP,
    })),
    labels: { ...config.labels },
    annotations: { ...config.annotations },
    linux: {
      cgroupParent: config.cgroupParent,
      sysctls: { ...config.sysctls },
      securityContext: {
        namespaceOptions: toNamespaceOption(config.namespaces),
        runAsUser: toInt64(config.runAsUser),
        runAsGroup: toInt64(config.runAsGroup),
        readonlyRootfs: config.readonlyRootfs,
        supplementalGroups: config.supplementalGroups.map(BigInt),
        privileged: config.privileged,
        seccomp: toProfile(config.seccomp),
      },
    },
  };
}

export function toCriContainerConfig(config: ContainerConfig): CriContainerConfig {
  return {
    metadata: { name: config.name, attempt: config.attempt },
    image: { image: config.image, annotations: {} },
    command: [...config.command],
    args: [...config.args],
    workingDir: config.workingDir,
    envs: config.env.map(({ name, value }) => ({ key: name, value })),
    mounts: config.mounts.map((mount) => ({
      containerPath: mount.containerPath,
      hostPath: mount.hostPath,
      readonly: mount.readonly,
      propagation: propagationNumbers[mount.propagation],
    })),
    devices: config.devices.map((device) => ({ ...device })),
    labels: { ...config.labels },
    annotations: { ...config.annotations },
    logPath: config.logPath,
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    tty: config.tty,
    linux: { resources: toCriResources(config.resources), securityContext: toSecurityContext(config.security) },
  };
}

function toCriResources(resources: LinuxResources) {
  return {
    cpuPeriod: BigInt(resources.cpuPeriod),
    cpuQuota: BigInt(resources.cpuQuota),
    cpuShares: BigInt(resources.cpuShares),
    memoryLimitInBytes: BigInt(resources.memoryLimitBytes),
    oomScoreAdj: BigInt(resources.oomScoreAdj),
  };
}

function toSecurityContext(security: ContainerSecurity): LinuxContainerSecurityContext {
  const { runAsUser } = security;
  return {
    capabilities: {
      addCapabilities: [...security.addCapabilities],
      dropCapabilities: [...security.dropCapabilities],
    },
    privileged: security.privileged,
    namespaceOptions: {
      ...toNamespaceOption(security.namespaces),
      ...(security.pidTarget === undefined ? {} : { pid: namespaceModes.TARGET, targetId: security.pidTarget }),
    },
    runAsUser: typeof runAsUser === 'number' ? toInt64(runAsUser) : undefined,
    runAsUsername: typeof runAsUser === 'string' ? runAsUser : '',
    runAsGroup: toInt64(security.runAsGroup),
    readonlyRootfs: security.readonlyRootfs,
    supplementalGroups: security.supplementalGroups.map(BigInt),
    noNewPrivs: security.noNewPrivileges,
    maskedPaths: [...security.maskedPaths],
    readonlyPaths: [...security.readonlyPaths],
    seccomp: toProfile(security.seccomp),
  };
}

function toNamespaceOption(modes: NamespaceModes): NamespaceOption {
  return {
    network: modeNumbers[modes.network],
    pid: modeNumbers[modes.pid],
    ipc: modeNumbers[modes.ipc],
    targetId: '',
  };
}

function toProfile(profile: SecurityProfile): CriSecurityProfile {
  switch (profile.type) {
    case 'RuntimeDefault':
      return { profileType: ProfileType.RUNTIME_DEFAULT, localhostRef: '' };
    case 'Unconfined':
      return { profileType: ProfileType.UNCONFINED, localhostRef: '' };
    case 'Localhost':
      return { profileType: ProfileType.LOCALHOST, localhostRef: profile.localhostRef };
  }
}

function toInt64(value: number | undefined): { value: bigint } | undefined {
  return value === undefined ? undefined : { value: BigInt(value) };
}
