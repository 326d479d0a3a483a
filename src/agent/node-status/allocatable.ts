/** How much of the machine pods may use: the kubelet's node allocatable. Pure. */
import type { Threshold, Thresholds } from '../settings/resource-settings.ts';

export interface MachineSize {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
}

export interface ReservationSettings {
  readonly maxPods: number;
  /** Amounts; `cpu` in thousandths. */
  readonly systemReserved: Readonly<Record<string, number>>;
  readonly kubeReserved: Readonly<Record<string, number>>;
  readonly evictionHard: Thresholds;
}

/** Quantities of what every node has. */
export type NodeQuantities = Readonly<Record<'cpu' | 'ephemeral-storage' | 'memory' | 'pods', string>>;

/** `capacity` of the node, as the kubelet writes it. */
export function computeCapacity({ cpus, memoryBytes, storageBytes }: MachineSize, maxPods: number): NodeQuantities {
  return {
    cpu: String(cpus),
    'ephemeral-storage': kibibytes(storageBytes),
    memory: kibibytes(memoryBytes),
    pods: String(maxPods),
  };
}

/** `allocatable` of the node: the capacity less what is reserved and what must be left before pods are evicted. */
export function computeAllocatable(machine: MachineSize, settings: ReservationSettings): NodeQuantities {
  const { evictionHard, maxPods } = settings;
  const { milliCpu, memoryBytes } = podLimits(machine, settings);
  const memory = memoryBytes - amountOf(evictionHard['memory.available'], machine.memoryBytes);
  const storage =
    machine.storageBytes -
    reserved(settings, 'ephemeral-storage') -
    amountOf(evictionHard['nodefs.available'], machine.storageBytes);
  return {
    cpu: milliCpu % 1000 === 0 ? String(milliCpu / 1000) : `${milliCpu}m`,
    'ephemeral-storage': kibibytes(storage),
    memory: kibibytes(memory),
    pods: String(maxPods),
  };
}

/** What all pods together may use before the kernel stops them: more than is promised, by the eviction threshold. */
export function podLimits(
  machine: MachineSize,
  settings: ReservationSettings,
): { readonly milliCpu: number; readonly memoryBytes: number } {
  return {
    milliCpu: Math.max(0, machine.cpus * 1000 - reserved(settings, 'cpu')),
    memoryBytes: Math.max(0, machine.memoryBytes - reserved(settings, 'memory')),
  };
}

function reserved({ systemReserved, kubeReserved }: ReservationSettings, resource: string): number {
  return (systemReserved[resource] ?? 0) + (kubeReserved[resource] ?? 0);
}

/** The amount that a threshold means of a whole. */
function amountOf(threshold: Threshold | undefined, whole: number): number {
  if (threshold === undefined) return 0;
  return 'amount' in threshold ? threshold.amount : Math.floor(threshold.share * whole);
}

function kibibytes(bytes: number): string {
  return `${Math.max(0, Math.floor(bytes / 1024))}Ki`;
}
