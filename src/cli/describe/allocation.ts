/** What the pods of a node ask for and may use, in figures and in per cent of what the node can give. */
import type { Node } from '../../api/kinds/node.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { addQuantities, formatQuantity, parseQuantity, type Quantity } from '../../api/quantity.ts';
import { humanDuration } from '../../lib/human-duration.ts';
import type { Lines } from './lines.ts';

type List = 'requests' | 'limits';

const zero: Quantity = { nanos: 0n, format: 'DecimalSI' };

/** `Non-terminated Pods` and `Allocated resources`. */
export function addAllocation(lines: Lines, node: Node, pods: readonly Pod[], nowMs: number): void {
  const allocatable = node.status.allocatable ?? node.status.capacity ?? {};
  const sorted = [...pods].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  lines.add(0, `Non-terminated Pods:\t(${pods.length} in total)`);
  lines.table(
    1,
    ['Namespace', 'Name', '', 'CPU Requests', 'CPU Limits', 'Memory Requests', 'Memory Limits', 'Age'],
    sorted.map((pod) => [
      pod.metadata.namespace ?? '',
      pod.metadata.name ?? '',
      // kubectl has an empty column here.
      '',
      share(total(pod, 'requests', 'cpu'), allocatable['cpu']),
      share(total(pod, 'limits', 'cpu'), allocatable['cpu']),
      share(total(pod, 'requests', 'memory'), allocatable['memory']),
      share(total(pod, 'limits', 'memory'), allocatable['memory']),
      pod.metadata.creationTimestamp === undefined
        ? '<unknown>'
        : humanDuration(nowMs - Date.parse(pod.metadata.creationTimestamp)),
    ]),
  );
  const sum = (list: List, resource: string): Quantity =>
    pods.reduce((so, pod) => addQuantities(so, total(pod, list, resource)), zero);
  lines.section(0, 'Allocated resources', () => {
    lines.add(1, '(Total limits may be over 100 percent, i.e., overcommitted.)');
    lines.table(
      1,
      ['Resource', 'Requests', 'Limits'],
      ['cpu', 'memory', 'ephemeral-storage'].map((resource) => [
        resource,
        share(sum('requests', resource), allocatable[resource]),
        share(sum('limits', resource), allocatable[resource]),
      ]),
    );
  });
}

/**
 * What the kubelet counts for a pod: its containers together, or the greediest init container when that is
 * more, plus the overhead of its runtime class.
 */
function total(pod: Pod, list: List, resource: string): Quantity {
  const of = (container: {
    readonly resources?: { readonly [L in List]?: Readonly<Record<string, string>> };
  }): Quantity => parseOrZero(container.resources?.[list]?.[resource]);
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  const running = [...pod.spec.containers, ...sidecars].map(of).reduce(addQuantities, zero);
  const greatest = (pod.spec.initContainers ?? [])
    .map(of)
    .reduce((most, quantity) => (quantity.nanos > most.nanos ? quantity : most), zero);
  const needed = greatest.nanos > running.nanos ? greatest : running;
  return addQuantities(needed, parseOrZero(pod.spec.overhead?.[resource]));
}

/** `100m (5%)` */
function share(quantity: Quantity, whole: string | undefined): string {
  const available = parseOrZero(whole);
  const percent = available.nanos === 0n ? 0n : (quantity.nanos * 100n) / available.nanos;
  return `${formatQuantity(quantity)} (${percent}%)`;
}

function parseOrZero(text: string | undefined): Quantity {
  return text === undefined ? zero : parseQuantity(text);
}

function nameOf(pod: Pod): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`;
}
