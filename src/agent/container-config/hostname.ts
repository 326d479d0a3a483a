import type { Pod } from '../../api/kinds/pod/types.ts';

/** The kernel's limit of a host name. */
const maxLength = 63;

/** What `hostname` prints in a pod: its `spec.hostname`, else its name, cut to what a host name may be. */
export function podHostname(pod: Pod): string {
  const name = pod.spec.hostname || (pod.metadata.name ?? '');
  return name.slice(0, maxLength).replace(/[-.]+$/, '');
}
