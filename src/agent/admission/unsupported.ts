/**
 * What the node refuses to run at all, in the words of the kubelet's admission: sysctls that are not known to be harmless
 * to others, and security settings that the runtime would pass over in silence (design D2). Pure.
 */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ObservedPod } from '../observed-pod.ts';
import { allContainers } from '../pod-names.ts';
import type { Verdict } from '../sync/services.ts';

/** Sysctls that act on the pod alone and cannot take resources past its limits (kubelet: SafeSysctlAllowlist). */
const safeSysctls: readonly string[] = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
];

export interface NodeAbilities {
  /** KubeletConfiguration's allowedUnsafeSysctls: names, or beginnings of names with a `*` at their end. */
  readonly allowedUnsafeSysctls: readonly string[];
  readonly hasAppArmor: boolean;
}

/** Why a pod that has not been started yet must not be; undefined when nothing speaks against it. */
export function unsupportedVerdict(pod: Pod, node: NodeAbilities, observed: ObservedPod): Verdict | undefined {
  // What ran goes on, whatever the settings say now. A power cut takes the status (design D5); its sandbox is still known.
  if (pod.status.startTime !== undefined || observed.sandboxes.length > 0) return undefined;
  const sysctl = forbiddenSysctl(pod, node.allowedUnsafeSysctls);
  if (sysctl !== undefined) return refusal('SysctlForbidden', `forbidden sysctl: "${sysctl}" not allowlisted`);
  const appArmor = appArmorProblem(pod, node.hasAppArmor);
  if (appArmor !== undefined) return refusal('AppArmor', `Cannot enforce AppArmor: ${appArmor}`);
  if (pod.spec.securityContext?.supplementalGroupsPolicy === 'Strict') {
    return refusal(
      'SupplementalGroupsPolicyNotSupported',
      'SupplementalGroupsPolicy=Strict is not supported in this node',
    );
  }
  return undefined;
}

/** A sysctl's name with dots, as the runtime takes it: `net/ipv4/conf/eth0.1/x` is `net.ipv4.conf.eth0/1.x` (sysctl(8)). */
export function dottedSysctl(name: string): string {
  const separator = /[./]/.exec(name)?.[0];
  if (separator !== '/') return name;
  return name.replace(/[./]/g, (character) => (character === '/' ? '.' : '/'));
}

function forbiddenSysctl(pod: Pod, allowed: readonly string[]): string | undefined {
  const names = (pod.spec.securityContext?.sysctls ?? []).map(({ name }) => dottedSysctl(name));
  const isAllowed = (name: string): boolean =>
    safeSysctls.includes(name) ||
    allowed.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
  return names.find((name) => !isAllowed(name));
}

/** containerd's own profile is in force where there is AppArmor; profiles of the device are not passed on. */
function appArmorProblem(pod: Pod, hasAppArmor: boolean): string | undefined {
  const types = [pod.spec.securityContext, ...allContainers(pod).map(({ securityContext }) => securityContext)].map(
    (context) => context?.appArmorProfile?.type,
  );
  if (!types.some((type) => type !== undefined && type !== 'Unconfined')) return undefined;
  if (!hasAppArmor) return 'AppArmor is not enabled on the host';
  return types.includes('Localhost') ? 'profiles of the host are not supported by this node' : undefined;
}

function refusal(reason: string, message: string): Verdict {
  return { reason, message: `Pod was rejected: ${message}`, event: { reason, message } };
}
