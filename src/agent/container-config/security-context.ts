/** The security settings of a container: its own over the pod's, Kubernetes' defaults below (design D7). Pure. */
import type { Container, Pod, SeccompProfile } from '../../api/kinds/pod/types.ts';
import type { ContainerSecurity, Image, NamespaceModes, SecurityProfile } from '../../runtime/runtime.ts';
import { podMessageName, podRef } from '../pod-names.ts';

/** What Docker and the kubelet hide of /proc and /sys; the runtime hides nothing by itself (runtime-facts 0.7). */
export const defaultMaskedPaths: readonly string[] = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];

const defaultReadonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

/** @param seccompDirectory where `localhostProfile` paths begin */
export function containerSecurity(pod: Pod, container: Container, seccompDirectory: string): ContainerSecurity {
  const own = container.securityContext ?? {};
  const shared = pod.spec.securityContext ?? {};
  const privileged = own.privileged ?? false;
  const showsAll = privileged || own.procMount === 'Unmasked';
  return {
    privileged,
    readonlyRootfs: own.readOnlyRootFilesystem ?? false,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    runAsUser: own.runAsUser ?? shared.runAsUser,
    runAsGroup: own.runAsGroup ?? shared.runAsGroup,
    supplementalGroups: podGroups(pod),
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    seccomp: privileged
      ? { type: 'Unconfined' }
      : securityProfile(own.seccompProfile ?? shared.seccompProfile, seccompDirectory),
    maskedPaths: showsAll ? [] : defaultMaskedPaths,
    readonlyPaths: showsAll ? [] : defaultReadonlyPaths,
    namespaces: namespaceModes(pod),
  };
}

/** Groups of every process: the pod's own and the one that owns its volumes. */
export function podGroups(pod: Pod): readonly number[] {
  const { supplementalGroups = [], fsGroup } = pod.spec.securityContext ?? {};
  return fsGroup === undefined ? supplementalGroups : [...new Set([...supplementalGroups, fsGroup])];
}

export function namespaceModes(pod: Pod): NamespaceModes {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec;
  return {
    network: hostNetwork ? 'node' : 'pod',
    pid: hostPID ? 'node' : shareProcessNamespace ? 'pod' : 'container',
    ipc: hostIPC ? 'node' : 'pod',
  };
}

/** No profile is RuntimeDefault, not Kubernetes' Unconfined (design D7). */
export function securityProfile(profile: SeccompProfile | undefined, directory: string): SecurityProfile {
  switch (profile?.type) {
    case 'Unconfined':
      return { type: 'Unconfined' };
    case 'Localhost':
      return { type: 'Localhost', localhostRef: `${directory}/${profile.localhostProfile ?? ''}` };
    default:
      return { type: 'RuntimeDefault' };
  }
}

/** Why the container may not run under runAsNonRoot, in the kubelet's words; undefined when it may. */
export function nonRootProblem(pod: Pod, container: Container, image: Image): string | undefined {
  const own = container.securityContext ?? {};
  const shared = pod.spec.securityContext ?? {};
  if (!(own.runAsNonRoot ?? shared.runAsNonRoot)) return undefined;
  const where = `(pod: "${podMessageName(podRef(pod))}", container: ${container.name})`;
  const user = own.runAsUser ?? shared.runAsUser;
  if (user !== undefined) return user === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined;
  if (image.uid === undefined && image.username !== '') {
    return `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`;
  }
  return (image.uid ?? 0) === 0 ? `container has runAsNonRoot and image will run as root ${where}` : undefined;
}
