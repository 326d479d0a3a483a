/** `/etc/hosts` of a pod, in the kubelet's form. Pure. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { podDomain, podHostname } from './hostname.ts';

const localEntries = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
];

/** @param hostsOfNode the device's own file, which a pod on the host network sees */
export function hostsFile(pod: Pod, podIPs: readonly string[], hostsOfNode: string): string {
  const head = pod.spec.hostNetwork
    ? `# Kubernetes-managed hosts file (host network).\n${hostsOfNode}`
    : ['# Kubernetes-managed hosts file.', ...localEntries, ...podIPs.map((ip) => `${ip}\t${podNames(pod)}`), ''].join(
        '\n',
      );
  const aliases = pod.spec.hostAliases ?? [];
  if (aliases.length === 0) return head;
  const lines = aliases.map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}`);
  return `${head}\n# Entries added by HostAliases.\n${lines.join('\n')}\n`;
}

function podNames(pod: Pod): string {
  const hostname = podHostname(pod);
  const domain = podDomain(pod);
  return domain === undefined ? hostname : `${hostname}.${domain}\t${hostname}`;
}
