/**
 * Keeps the Node object and its Lease: makes them at the start, renews the lease each
 * `nodeStatusUpdateFrequency`, and writes the status when it changed or each `nodeStatusReportFrequency`,
 * as the kubelet does. Both are observations: an idle device writes nothing to its flash.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Lease } from '../../api/kinds/lease.ts';
import type { Node } from '../../api/kinds/node.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { leases, nodes } from '../../api/resources.ts';
import { type Clock, formatMicroTime, formatTime } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { computeAllocatable, computeCapacity } from './allocatable.ts';
import {
  computeNodeAnnotations,
  computeNodeLabels,
  computeNodeStatus,
  computeTaints,
  type ExtendedResources,
  isNodeStatusChanged,
  type NodeMachine,
  type NodeObservation,
  type NodeSettings,
  withResources,
} from './compute-node.ts';

export interface NodeStatusDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly machine: NodeMachine;
  readonly settings: NodeSettings & {
    /** Milliseconds. */
    readonly nodeStatusUpdateFrequency: number;
    /** Milliseconds. */
    readonly nodeStatusReportFrequency: number;
  };
  /** Counts the devices of the machine that pods may ask for. */
  readonly devices: () => Promise<ExtendedResources>;
  /** Looks at the runtime and the addresses; never throws, but says what is wrong. */
  readonly observe: (signal: AbortSignal) => Promise<NodeObservation>;
}

const leaseNamespace = 'kube-node-lease';
/** KubeletConfiguration nodeLeaseDurationSeconds. */
const leaseDurationSeconds = 40;

export class NodeStatusPublisher {
  readonly #deps: NodeStatusDeps;
  #wake: (() => void) | undefined;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  constructor(deps: NodeStatusDeps) {
    this.#deps = deps;
  }

  /** Looks again soon: the runtime came or went. */
  poke(): void {
    this.#wake?.();
  }

  /**
   * Makes the Node object, and says how large it is, so that pods can be placed when the API is announced. What must be
   * looked for follows.
   */
  async register(): Promise<void> {
    const { client, machine, settings } = this.#deps;
    const node = await this.#ensureNode();
    const sizes = {
      capacity: computeCapacity(machine, settings.maxPods),
      allocatable: computeAllocatable(machine, settings),
    };
    const status = withResources({ ...node.status, ...sizes }, node.status, await this.#deps.devices());
    if (!isNodeStatusChanged(status, node.status)) return;
    await client.update<Node>(nodes, { ...node, status }, { subresource: 'status', fieldManager: 'kubelet' });
  }

  /** Runs until `signal` aborts. A failed write is tried again at the next turn. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, settings } = this.#deps;
    while (!signal.aborted) {
      let isReady = false;
      try {
        isReady = await this.#publish(signal);
        await this.#renewLease();
      } catch (error) {
        if (signal.aborted) return;
        log.warn('cannot publish the status of the node', { error });
      }
      // A node that is not ready is looked at more often: users wait for it.
      await this.#sleep(isReady ? settings.nodeStatusUpdateFrequency : 500, signal, clock);
    }
  }

  async #publish(signal: AbortSignal): Promise<boolean> {
    const { client, clock, machine, settings, observe } = this.#deps;
    const observation = await observe(signal);
    const node = await this.#ensureNode();
    const now = clock.now();
    const computed = computeNodeStatus(settings, machine, observation, node.status.conditions ?? [], formatTime(now));
    const status = withResources(computed, node.status, await this.#deps.devices());
    const isDue = clock.monotonicMs() - this.#reportedAtMs >= settings.nodeStatusReportFrequency;
    if (isDue || isNodeStatusChanged(status, node.status)) {
      await client.update<Node>(nodes, { ...node, status }, { subresource: 'status', fieldManager: 'kubelet' });
      this.#reportedAtMs = clock.monotonicMs();
    }
    await this.#publishTaints({ ...node, status });
    return observation.problems.length === 0;
  }

  /** Taints are intent: written only when they change. */
  async #publishTaints(node: Node): Promise<void> {
    const taints = computeTaints(node);
    if (isDeepStrictEqual(taints, node.spec.taints ?? [])) return;
    const { client, settings } = this.#deps;
    // Somebody may taint the node at the same time: the patch holds for the taints that were seen.
    const newest = await client.get<Node>(nodes, { name: settings.nodeName });
    if (!isDeepStrictEqual(newest.spec.taints, node.spec.taints)) return;
    const { resourceVersion } = newest.metadata;
    await client.patch<Node>(
      nodes,
      { name: settings.nodeName },
      'merge',
      { metadata: { resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } },
      { fieldManager: 'kube-controller-manager' },
    );
  }

  /** The node as stored, with this device's labels, annotations and address range; others are left as they are. */
  async #ensureNode(): Promise<Node> {
    const { client, machine, settings } = this.#deps;
    const labels = computeNodeLabels(settings, machine);
    const annotations = computeNodeAnnotations(settings);
    const wanted = { podCIDR: settings.podCidr, podCIDRs: [settings.podCidr] };
    let node: Node;
    try {
      node = await client.get<Node>(nodes, { name: settings.nodeName });
    } catch (error) {
      if (!isStatusError(error, 'NotFound')) throw error;
      const metadata = { name: settings.nodeName, labels, annotations: definedOf(annotations) };
      const made = { apiVersion: 'v1', kind: 'Node', metadata, spec: wanted };
      return (await client.create(nodes, made, { fieldManager: 'kubelet' })) as unknown as Node;
    }
    const isSaid = (
      said: Readonly<Record<string, string>> = {},
      own: Readonly<Record<string, string | undefined>>,
    ): boolean => Object.entries(own).every(([key, value]) => said[key] === value);
    if (isSaid(node.metadata.labels, labels) && isSaid(node.metadata.annotations, annotations)) return node;
    return client.patch<Node>(
      nodes,
      { name: settings.nodeName },
      'merge',
      { metadata: { labels, annotations: withNulls(annotations) } },
      { fieldManager: 'kubelet' },
    );
  }

  async #renewLease(): Promise<void> {
    const { client, clock, settings } = this.#deps;
    const key = { namespace: leaseNamespace, name: settings.nodeName };
    const renewTime = formatMicroTime(clock.now());
    const spec = { holderIdentity: settings.nodeName, leaseDurationSeconds, renewTime };
    try {
      await client.patch<Lease>(leases, key, 'merge', { spec }, { fieldManager: 'kubelet' });
    } catch (error) {
      if (!isStatusError(error, 'NotFound')) throw error;
      const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: key, spec };
      await client.create(leases, lease, { fieldManager: 'kubelet' });
    }
  }

  /** Sleeps until time is up or somebody pokes. */
  async #sleep(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
    const poked = new AbortController();
    this.#wake = () => poked.abort();
    try {
      await clock.sleep(ms, AbortSignal.any([signal, poked.signal]));
    } catch {
      // Poked, or going down: the loop sees which.
    } finally {
      this.#wake = undefined;
    }
  }
}

type Annotations = Readonly<Record<string, string | undefined>>;

function definedOf(annotations: Annotations): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/** For a merge patch, which removes what is null. */
function withNulls(annotations: Annotations): Record<string, string | null> {
  return Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, value ?? null]));
}
