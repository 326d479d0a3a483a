/** Requests and limits in the kernel's terms, as the kubelet converts them (kuberuntime, cm/helpers_linux). Pure. */
import { podRequests, podTotal } from '../../api/kinds/pod/requests.ts';
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import { integerValueOf, milliValueOf, parseQuantity } from '../../api/quantity.ts';
import type { LinuxResources } from '../../runtime/runtime.ts';

/** Microseconds; the kubelet's default cpuCFSQuotaPeriod. */
const cpuPeriod = 100_000;
const minShares = 2;
const maxShares = 262_144;
/** The kernel refuses less than a millisecond. */
const minQuota = 1_000;

export type QosClassName = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** @param memoryCapacityBytes of the machine, for the OOM score of a burstable container */
export function containerResources(
  container: Container,
  qos: QosClassName,
  memoryCapacityBytes: number,
): LinuxResources {
  const { limits, requests } = container.resources ?? {};
  const limitMilli = milliOf(limits?.['cpu']);
  const requestMilli = requests?.['cpu'] === undefined ? limitMilli : milliOf(requests['cpu']);
  const memoryLimitBytes = bytesOf(limits?.['memory']);
  const memoryRequestBytes = requests?.['memory'] === undefined ? memoryLimitBytes : bytesOf(requests['memory']);
  return {
    cpuPeriod,
    cpuQuota: cpuQuotaOf(limitMilli),
    cpuShares: cpuSharesOf(requestMilli),
    memoryLimitBytes,
    oomScoreAdj: oomScoreAdj(qos, memoryRequestBytes, memoryCapacityBytes),
  };
}

/** What a kernel without memory control groups must be told, on its command line. */
export const memoryCgroupsAdvice =
  'the kernel has no memory control groups; add "cgroup_enable=memory cgroup_memory=1" to its command line and restart the device';

/** Why the container cannot run on a kernel without memory control groups: a limit that nobody enforces is none. */
export function unenforceableLimit({ name, resources }: Container): string | undefined {
  const limit = resources?.limits?.['memory'];
  if (bytesOf(limit) === 0) return undefined;
  return `memory limit ${limit} of container "${name}" cannot be enforced: ${memoryCgroupsAdvice}`;
}

/** Limits of the whole pod, for its cgroup; 0 where there is none. A limit counts only when every container has one. */
export function podResources(pod: Pod): {
  readonly cpuShares: number;
  readonly cpuQuota: number;
  readonly cpuPeriod: number;
  readonly memoryLimitBytes: number;
} {
  const cpu = podTotals(pod, 'cpu', milliOf);
  const memory = podTotals(pod, 'memory', bytesOf);
  return {
    cpuShares: cpuSharesOf(cpu.request),
    cpuQuota: cpuQuotaOf(cpu.limit),
    cpuPeriod,
    memoryLimitBytes: memory.limit,
  };
}

/** 1 CPU = 1024 shares; at least 2, so that a container without a request still runs. */
export function cpuSharesOf(milliCpu: number): number {
  return Math.min(maxShares, Math.max(minShares, Math.floor((milliCpu * 1024) / 1000)));
}

function cpuQuotaOf(milliCpu: number): number {
  return milliCpu === 0 ? 0 : Math.max(minQuota, Math.floor((milliCpu * cpuPeriod) / 1000));
}

/** A limit of the pod as a whole, or one that every container has; 0 when there is none. */
function podTotals(
  pod: Pod,
  resource: string,
  convert: (quantity: string | undefined) => number,
): { readonly request: number; readonly limit: number } {
  const limitOf = ({ resources }: Container): number => convert(resources?.limits?.[resource]);
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const request = podRequests(pod).get(resource) ?? 0;
  const whole = convert(pod.spec.resources?.limits?.[resource]);
  const overhead = convert(pod.spec.overhead?.[resource]);
  if (whole > 0) return { request, limit: whole + overhead };
  return { request, limit: all.every((container) => limitOf(container) > 0) ? podTotal(pod, limitOf) + overhead : 0 };
}

/** As kubelet/qos/policy.go: a burstable container that asks for more memory is killed later. */
function oomScoreAdj(qos: QosClassName, memoryRequestBytes: number, memoryCapacityBytes: number): number {
  if (qos === 'Guaranteed') return -997;
  if (qos === 'BestEffort') return 1000;
  const score = 1000 - Math.floor((1000 * memoryRequestBytes) / Math.max(1, memoryCapacityBytes));
  return Math.min(999, Math.max(3, score));
}

function milliOf(quantity: string | undefined): number {
  return quantity === undefined ? 0 : milliValueOf(parseQuantity(quantity));
}

function bytesOf(quantity: string | undefined): number {
  return quantity === undefined ? 0 : integerValueOf(parseQuantity(quantity));
}
