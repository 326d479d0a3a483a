/** Values of a pod's own fields and of its containers' resources (downward API), as text. Pure. */
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import { parseQuantity } from '../../api/quantity.ts';
import { allContainers } from '../pod-names.ts';

/** What a field may refer to beyond the pod's spec. */
export interface PodFacts {
  readonly podIPs: readonly string[];
  readonly hostIPs: readonly string[];
  /** Allocatable of the node; the value of a limit that is not set. */
  readonly allocatable: { readonly cpu: string; readonly memory: string; readonly [resource: string]: string };
  /** Variables by which the container finds the API; none when it cannot reach it. */
  readonly apiVariables?: ReadonlyMap<string, string> | undefined;
}

/** The text of `fieldPath`; undefined for a path that Kubernetes does not know. */
export function podFieldText(pod: Pod, fieldPath: string, facts: PodFacts): string | undefined {
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(fieldPath);
  if (subscript) {
    const map = subscript[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
    return map?.[subscript[2] ?? ''] ?? '';
  }
  switch (fieldPath) {
    case 'metadata.name':
      return pod.metadata.name ?? '';
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(pod.metadata.labels ?? {});
    case 'metadata.annotations':
      return formatMap(pod.metadata.annotations ?? {});
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.podIP':
      return facts.podIPs[0] ?? '';
    case 'status.podIPs':
      return facts.podIPs.join(',');
    case 'status.hostIP':
      return facts.hostIPs[0] ?? '';
    case 'status.hostIPs':
      return facts.hostIPs.join(',');
    default:
      return undefined;
  }
}

export interface ResourceFieldRef {
  readonly containerName?: string;
  readonly resource: string;
  readonly divisor?: string;
}

/**
 * A request or limit divided by the divisor (1 unless set), rounded up: `limits.cpu` of 1500m is `2`. A limit that
 * is not set is the node's allocatable; a request that is not set is the limit, else 0. Undefined for unknown names.
 *
 * @param own the container whose variable it is; `containerName` names another one
 */
export function resourceFieldText(
  pod: Pod,
  own: Container | undefined,
  ref: ResourceFieldRef,
  facts: PodFacts,
): string | undefined {
  const container = ref.containerName ? allContainers(pod).find(({ name }) => name === ref.containerName) : own;
  const match = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.exec(ref.resource);
  if (container === undefined || match === null) return undefined;
  const resource = match[2] ?? '';
  const { limits, requests } = container.resources ?? {};
  const limit = limits?.[resource];
  const quantity =
    match[1] === 'limits' ? (limit ?? facts.allocatable[resource] ?? '0') : (requests?.[resource] ?? limit ?? '0');
  const divisor = parseQuantity(ref.divisor ?? '1').nanos || parseQuantity('1').nanos;
  const { nanos } = parseQuantity(quantity);
  return String((nanos + divisor - 1n) / divisor);
}

/** `key="value"` lines sorted by key, values quoted as Go quotes them. */
function formatMap(map: Readonly<Record<string, string>>): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
}
