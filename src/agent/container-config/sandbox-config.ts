/** A pod in the words of CRI: what its sandbox is made from. Pure. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { DnsConfig, SandboxConfig } from '../../runtime/runtime.ts';
import { dottedSysctl } from '../admission/unsupported.ts';
import { allContainers, podRef } from '../pod-names.ts';
import { runtimeLabels } from '../runtime-labels.ts';
import { kernelHostname } from './hostname.ts';
import { namespaceModes, podGroups, securityProfile } from './security-context.ts';

export interface SandboxFacts {
  readonly instanceId: string;
  readonly logDirectory: string;
  readonly cgroupParent: string;
  readonly seccompDirectory: string;
  readonly dns: DnsConfig;
  /** Of the pod's RuntimeClass; empty: the runtime's own. */
  readonly runtimeHandler: string;
}

/** @throws StatusError `Invalid` for what the runtime would silently ignore (design D2) */
export function sandboxConfig(pod: Pod, attempt: number, facts: SandboxFacts): SandboxConfig {
  if (pod.spec.hostUsers === false) {
    throw new StatusError('Invalid', 'hostUsers: false is not supported: the runtime cannot make user namespaces');
  }
  const { uid, namespace, name } = podRef(pod);
  const security = pod.spec.securityContext ?? {};
  return {
    name,
    namespace,
    uid,
    attempt,
    hostname: pod.spec.hostNetwork ? undefined : kernelHostname(pod),
    logDirectory: facts.logDirectory,
    dns: facts.dns,
    portMappings: pod.spec.hostNetwork ? [] : portMappings(pod),
    labels: {
      [runtimeLabels.podName]: name,
      [runtimeLabels.podNamespace]: namespace,
      [runtimeLabels.podUid]: uid,
      [runtimeLabels.instance]: facts.instanceId,
    },
    annotations: {},
    runtimeHandler: facts.runtimeHandler,
    cgroupParent: facts.cgroupParent,
    sysctls: Object.fromEntries(
      (security.sysctls ?? []).map(({ name: sysctl, value }) => [dottedSysctl(sysctl), value ?? '']),
    ),
    namespaces: namespaceModes(pod),
    // The runtime admits a privileged container only in a privileged sandbox.
    privileged: allContainers(pod).some((container) => container.securityContext?.privileged === true),
    readonlyRootfs: false,
    runAsUser: security.runAsUser,
    runAsGroup: security.runAsGroup,
    supplementalGroups: podGroups(pod),
    seccomp: securityProfile(security.seccompProfile, facts.seccompDirectory),
  };
}

function portMappings(pod: Pod): SandboxConfig['portMappings'] {
  return allContainers(pod).flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => hostPort !== undefined && hostPort !== 0)
      .map(({ protocol, containerPort, hostPort = 0, hostIP = '' }) => ({
        protocol: protocol as 'TCP' | 'UDP' | 'SCTP',
        containerPort,
        hostPort,
        hostIP,
      })),
  );
}
