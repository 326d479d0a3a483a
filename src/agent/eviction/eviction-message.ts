/** What is said about an evicted pod, in the kubelet's words. Pure. */
import { amountOf } from '../../api/kinds/pod/requests.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { formatQuantity } from '../../api/quantity.ts';
import type { MetThreshold } from './compute-pressure.ts';

/** Of one container, in bytes. */
export interface ContainerUse {
  readonly name: string;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

export function lowResourceMessage(met: MetThreshold, pod: Pod, containers: readonly ContainerUse[]): string {
  const resource = resourceOf(met);
  const threshold = `Threshold quantity: ${quantityOf(met, met.quantity)}, available: ${quantityOf(met, met.available)}. `;
  const greedy = containers.flatMap(({ name, memoryBytes, diskBytes }) => {
    if (resource !== 'memory' && resource !== 'ephemeral-storage') return [];
    const request = pod.spec.containers.find((each) => each.name === name)?.resources?.requests?.[resource];
    const used = resource === 'memory' ? memoryBytes : diskBytes;
    if (used <= (request === undefined ? 0 : amountOf(resource, request))) return [];
    return [
      `Container ${name} was using ${kibi(used)}, request is ${request ?? '0'}, has larger consumption of ${resource}. `,
    ];
  });
  return `The node was low on resource: ${resource}. ${threshold}${greedy.join('')}`;
}

export function emptyDirMessage(volume: string, limit: string): string {
  return `Usage of EmptyDir volume "${volume}" exceeds the limit "${limit}". `;
}

export function containerStorageMessage(container: string, limit: string): string {
  return `Container ${container} exceeded its local ephemeral storage limit "${limit}". `;
}

export function podStorageMessage(limitBytes: number): string {
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${binary(limitBytes)}. `;
}

function resourceOf({ signal }: MetThreshold): 'memory' | 'ephemeral-storage' | 'inodes' | 'pids' {
  if (signal === 'memory.available') return 'memory';
  if (signal === 'pid.available') return 'pids';
  return signal.endsWith('inodesFree') ? 'inodes' : 'ephemeral-storage';
}

function quantityOf(met: MetThreshold, amount: number): string {
  const resource = resourceOf(met);
  return resource === 'memory' || resource === 'ephemeral-storage' ? binary(amount) : String(Math.floor(amount));
}

function binary(bytes: number): string {
  return formatQuantity({ nanos: BigInt(Math.floor(bytes)) * 1_000_000_000n, format: 'BinarySI' });
}

function kibi(bytes: number): string {
  return `${Math.ceil(bytes / 1024)}Ki`;
}
