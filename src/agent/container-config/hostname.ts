/** How a pod is called inside itself (the kubelet's GeneratePodHostNameAndDomain). Pure. */

import { maxKernelName } from '../../api/kinds/pod/kernel-name.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { StatusError } from '../../lib/status-error.ts';

/** What DNS allows in one label, and the kernel in a host name without its final zero. */
const maxLabel = 63;

/** Its `hostnameOverride`, which is one of the kernel's; its `hostname`, else its name, cut to what a host name may be. */
export function podHostname({ spec, metadata }: Pod): string {
  if (spec.hostnameOverride !== undefined) return spec.hostnameOverride;
  const name = spec.hostname || (metadata.name ?? '');
  return name.length <= maxLabel ? name : name.slice(0, maxLabel).replace(/[-.]+$/, '');
}

/** The domain of a pod with a subdomain; undefined for any other. */
export function podDomain({ spec, metadata }: Pod): string | undefined {
  if (!spec.subdomain || spec.hostnameOverride !== undefined) return undefined;
  return `${spec.subdomain}.${metadata.namespace}.svc.cluster.local`;
}

/**
 * What `hostname` prints in the pod: with `setHostnameAsFQDN` the full name.
 *
 * @throws StatusError `Invalid` when the kernel takes no name of that length
 */
export function kernelHostname(pod: Pod): string {
  const hostname = podHostname(pod);
  const domain = podDomain(pod);
  if (pod.spec.setHostnameAsFQDN !== true || domain === undefined) return hostname;
  const full = `${hostname}.${domain}`;
  if (full.length <= maxKernelName) return full;
  throw new StatusError(
    'Invalid',
    `failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long (${maxKernelName} characters is the max, ${full.length} characters requested)`,
  );
}
