/**
 * What the Node object says, from what was found out. Pure; `node-status.ts` publishes it.
 * Labels, conditions, reasons and messages are the kubelet's.
 */

import type { Node, NodeCondition, Taint } from '../../api/kinds/node.ts';
import { nodeNameSourceAnnotation, offeredDevicesAnnotation } from '../../api/node-annotations.ts';
import { kubernetesVersion, version } from '../../lib/version.ts';
import { memoryCgroupsAdvice } from '../container-config/container-resources.ts';
import { computeAllocatable, computeCapacity, type ReservationSettings } from './allocatable.ts';

/** What does not change while the machine runs. */
export interface NodeMachine {
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
  readonly machineId: string;
  readonly bootId: string;
}

export interface NodeSettings extends ReservationSettings {
  readonly nodeName: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The name is set on the device. */
  readonly isNodeNameSet: boolean;
  readonly podCidr: string;
  /** Devices that pods may ask for: their names, and patterns of their paths. */
  readonly devices: readonly { readonly name: string; readonly paths: readonly string[] }[];
  /** KubeletConfiguration; -1: no limit. */
  readonly nodeStatusMaxImages: number;
}

/** What is looked at again each time. */
export interface NodeObservation {
  /** `containerd://1.6.20`; empty when the runtime has not answered yet. */
  readonly runtimeVersion: string;
  /** Why the node is not ready; empty when it is. */
  readonly problems: readonly string[];
  readonly addresses: readonly string[];
  readonly apiPort: number;
  /** The store's durable file was damaged and a copy of it is in use (design D14). */
  readonly storeRecovered: boolean;
  /** Other devices on the LAN with the identity of this one; default: none. */
  readonly duplicates?: readonly { readonly node: string; readonly addresses: readonly string[] }[];
  /** Images on the device. */
  readonly images: readonly {
    readonly tags: readonly string[];
    readonly digests: readonly string[];
    readonly sizeBytes: number;
  }[];
  /** False on a kernel that cannot limit memory; default: it can. */
  readonly hasMemoryCgroups?: boolean;
  /** What the node is short of; default: nothing. */
  readonly pressures?: ReadonlySet<'MemoryPressure' | 'DiskPressure' | 'PIDPressure'>;
}

const maxNamesOfImage = 5;

/** The labels that the device itself puts on its node. */
export function computeNodeLabels(settings: NodeSettings, machine: NodeMachine): Record<string, string> {
  return {
    ...settings.labels,
    'kubernetes.io/hostname': settings.nodeName,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': machine.architecture,
  };
}

/** Annotations that are the device's own; undefined: there is to be none. */
export function computeNodeAnnotations({
  devices,
  isNodeNameSet,
}: Pick<NodeSettings, 'devices' | 'isNodeNameSet'>): Record<string, string | undefined> {
  const offered = Object.fromEntries(devices.map(({ name, paths }) => [`eliot.run/${name}`, paths]));
  return {
    [nodeNameSourceAnnotation]: isNodeNameSet ? 'setting' : 'device',
    [offeredDevicesAnnotation]: devices.length === 0 ? undefined : JSON.stringify(offered),
  };
}

/**
 * @param previous conditions that are published now, for their transition times
 * @param now RFC 3339
 */
export function computeNodeStatus(
  settings: NodeSettings,
  machine: NodeMachine,
  observation: NodeObservation,
  previous: readonly NodeCondition[],
  now: string,
): Node['status'] {
  return {
    capacity: computeCapacity(machine, settings.maxPods),
    allocatable: computeAllocatable(machine, settings),
    conditions: computeConditions(observation).map((condition) => withTimes(condition, previous, now)),
    addresses: [
      ...observation.addresses.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: settings.nodeName },
    ],
    images: nodeImages(observation.images, settings.nodeStatusMaxImages),
    daemonEndpoints: { kubeletEndpoint: { Port: observation.apiPort } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.machineId,
      bootID: machine.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: observation.runtimeVersion,
      kubeletVersion: `v${kubernetesVersion}+eliot-${version}`,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: machine.architecture,
    },
  };
}

/** The largest first; as the kubelet, names that end in a digest before those that end in a tag, five of an image. */
function nodeImages(images: NodeObservation['images'], max: number): { names: string[]; sizeBytes: number }[] {
  const sorted = images
    .map(({ tags, digests, sizeBytes }) => ({ names: [...digests, ...tags].slice(0, maxNamesOfImage), sizeBytes }))
    .sort((a, b) => b.sizeBytes - a.sizeBytes || ((a.names[0] ?? '') < (b.names[0] ?? '') ? -1 : 1));
  return max < 0 ? sorted : sorted.slice(0, max);
}

type Condition = Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>;

function computeConditions({
  problems,
  storeRecovered,
  duplicates = [],
  pressures = new Set(),
  hasMemoryCgroups = true,
}: NodeObservation): Condition[] {
  const ready: Condition =
    problems.length === 0
      ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: problems.join('; ') };
  return [
    pressures.has('MemoryPressure')
      ? pressure('MemoryPressure', 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available')
      : sufficient('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    pressures.has('DiskPressure')
      ? pressure('DiskPressure', 'KubeletHasDiskPressure', 'kubelet has disk pressure')
      : sufficient('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    pressures.has('PIDPressure')
      ? pressure('PIDPressure', 'KubeletHasInsufficientPID', 'kubelet has insufficient PID available')
      : sufficient('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    ...(hasMemoryCgroups
      ? []
      : [
          { type: 'MemoryCgroupsMissing', status: 'True', reason: 'KernelOptionMissing', message: memoryCgroupsAdvice },
        ]),
    ...(storeRecovered
      ? [
          {
            type: 'StoreRecovered',
            status: 'True',
            reason: 'DatabaseWasCorrupt',
            message: 'the database was damaged; its last good copy is in use and the damaged file was kept beside it',
          },
        ]
      : []),
    ...(duplicates.length > 0
      ? [{ type: 'DuplicateIdentity', status: 'True', reason: 'HeardOnNetwork', message: duplicateAdvice(duplicates) }]
      : []),
    ready,
  ];
}

/** What is wrong when others announce our identity, and what to do: a memory card was copied. */
export function duplicateAdvice(duplicates: NonNullable<NodeObservation['duplicates']>): string {
  const others = duplicates
    .map(({ node, addresses }) => `${node === '' ? 'a device' : node} at ${addresses.join(', ')}`)
    .join('; ');
  return `another device on the network has the identity of this one: ${others}; on the copy, stop eliotd and run "eliotd reset --identity"`;
}

function sufficient(type: string, reason: string, message: string): Condition {
  return { type, status: 'False', reason, message };
}

function pressure(type: string, reason: string, message: string): Condition {
  return { type, status: 'True', reason, message };
}

function withTimes(condition: Condition, previous: readonly NodeCondition[], now: string): NodeCondition {
  const before = previous.find(({ type }) => type === condition.type);
  const lastTransitionTime = before?.status === condition.status ? (before.lastTransitionTime ?? now) : now;
  return { ...condition, lastHeartbeatTime: now, lastTransitionTime };
}

/** By name (`eliot.run/serial`), quantities. */
export type ExtendedResources = Readonly<Record<string, { readonly capacity: string; readonly allocatable: string }>>;

/**
 * The status with the device's own extended resources, and those that somebody else added to the node
 * (`example.com/dongle`): as the kubelet, the device speaks only for what it knows.
 */
export function withResources(next: Node['status'], published: Node['status'], own: ExtendedResources): Node['status'] {
  const merged = (list: 'capacity' | 'allocatable'): Record<string, string> => ({
    ...Object.fromEntries(
      Object.entries(published[list] ?? {}).filter(([name]) => name.includes('/') && !name.startsWith('eliot.run/')),
    ),
    ...next[list],
    ...Object.fromEntries(Object.entries(own).map(([name, amounts]) => [name, amounts[list]])),
  });
  return { ...next, capacity: merged('capacity'), allocatable: merged('allocatable') };
}

const conditionTaints: Readonly<Record<string, string>> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
};
const unschedulableKey = 'node.kubernetes.io/unschedulable';

/**
 * The taints of the node with those that follow from its state, as Kubernetes' node lifecycle controller sets them; taints of
 * others stay. There is none for a node that is not ready: its pods have nowhere else to go, and wait for the runtime.
 */
export function computeTaints(node: Node): readonly Taint[] {
  const isTrue = (type: string): boolean =>
    node.status.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
  const wanted = [
    ...Object.entries(conditionTaints).flatMap(([type, key]) => (isTrue(type) ? [key] : [])),
    ...(node.spec.unschedulable ? [unschedulableKey] : []),
  ];
  const owned = new Set([...Object.values(conditionTaints), unschedulableKey]);
  const taints = node.spec.taints ?? [];
  const isOwned = ({ key, effect }: Taint): boolean => owned.has(key) && effect === 'NoSchedule';
  const kept = taints.filter((taint) => !isOwned(taint) || wanted.includes(taint.key));
  const missing = wanted.filter((key) => !kept.some((taint) => isOwned(taint) && taint.key === key));
  return [...kept, ...missing.map((key): Taint => ({ key, effect: 'NoSchedule' }))];
}

/** Whether two statuses differ in more than the time of the heartbeat. */
export function isNodeStatusChanged(next: Node['status'], published: Node['status']): boolean {
  const withoutHeartbeat = (status: Node['status']): string =>
    JSON.stringify(
      Object.entries({
        ...status,
        conditions: status.conditions?.map(({ lastHeartbeatTime: _, ...condition }) => sorted(condition)),
        // Nothing is known of a node whose observation ended with the last boot.
        nodeInfo: sorted(status.nodeInfo ?? {}),
        capacity: sorted(status.capacity ?? {}),
        allocatable: sorted(status.allocatable ?? {}),
      }).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  return withoutHeartbeat(next) !== withoutHeartbeat(published);
}

function sorted(value: object): [string, unknown][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}
