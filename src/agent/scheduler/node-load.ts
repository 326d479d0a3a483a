/** What the pods of the node take of it: requests, places and host ports. */
import type { Amounts } from '../../api/kinds/pod/requests.ts';
import { podRequests } from '../../api/kinds/pod/requests.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { isSidecar } from '../pod-names.ts';

export interface HostPort {
  readonly protocol: string;
  readonly port: number;
  /** Empty for every address. */
  readonly ip: string;
}

/** The sum over pods; pods can be taken out again, to see what their end would make room for. */
export class NodeLoad {
  readonly #pods = new Map<
    string,
    { readonly pod: Pod; readonly requests: Amounts; readonly ports: readonly HostPort[] }
  >();
  readonly #used = new Map<string, number>();

  constructor(pods: Iterable<Pod> = []) {
    for (const pod of pods) this.add(pod);
  }

  pods(): readonly Pod[] {
    return [...this.#pods.values()].map(({ pod }) => pod);
  }

  get count(): number {
    return this.#pods.size;
  }

  /** What is asked for of a resource, in the unit of `Amounts`. */
  used(resource: string): number {
    return this.#used.get(resource) ?? 0;
  }

  /** A pod that is in it already is not counted twice. */
  add(pod: Pod): void {
    const { uid = '' } = pod.metadata;
    if (this.#pods.has(uid)) return;
    const requests = podRequests(pod);
    this.#pods.set(uid, { pod, requests, ports: hostPorts(pod) });
    for (const [name, amount] of requests) this.#used.set(name, this.used(name) + amount);
  }

  remove(pod: Pod): void {
    const { uid = '' } = pod.metadata;
    const known = this.#pods.get(uid);
    if (known === undefined) return;
    this.#pods.delete(uid);
    for (const [name, amount] of known.requests) this.#used.set(name, this.used(name) - amount);
  }

  /** Whether a port that the pod wants on the device is taken. */
  hasPortConflict(pod: Pod): boolean {
    const wanted = hostPorts(pod);
    if (wanted.length === 0) return false;
    return [...this.#pods.values()].some(({ ports }) =>
      ports.some((taken) => wanted.some((port) => clash(port, taken))),
    );
  }
}

/** One address and every address clash too. */
function clash(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === '' || b.ip === '');
}

function hostPorts(pod: Pod): readonly HostPort[] {
  const running = [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter(isSidecar)];
  return running.flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, hostIP = '', protocol }) =>
      hostPort ? [{ protocol: protocol || 'TCP', port: hostPort, ip: isEveryAddress(hostIP) ? '' : hostIP }] : [],
    ),
  );
}

function isEveryAddress(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::';
}
