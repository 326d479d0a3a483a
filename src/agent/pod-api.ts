/**
 * How pods reach the API of their device (docs/adr/0021): at the address of their bridge, which every pod network has,
 * at the port that clients use. Nothing has to be set up when the API listens on every address; else it listens there
 * too, for pods only.
 */
import type { Pod } from '../api/kinds/pod/types.ts';
import { gatewayOf, isInCidr } from '../lib/cidr.ts';
import type { Logger } from '../lib/logger.ts';
import { isStatusError } from '../lib/status-error.ts';

export interface PodApiDeps {
  /** Where clients reach the API: the host of `listen`, and the port that it got. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Network of the pods; undefined when somebody else's containerd makes it. */
  readonly podCidr: string | undefined;
  /** Addresses of the device, the best first. */
  readonly hostIPs: () => readonly string[];
  readonly listenAlso: (
    address: { readonly host: string; readonly port: number },
    isWelcome: (remoteAddress: string) => boolean,
  ) => Promise<void>;
  readonly log: Logger;
}

export interface ApiAddress {
  readonly host: string;
  readonly port: number;
}

export class PodApi {
  readonly #deps: PodApiDeps;
  #state: 'Closed' | 'Open' | 'Failed' = 'Closed';
  #opening: Promise<void> | undefined;

  constructor(deps: PodApiDeps) {
    this.#deps = deps;
  }

  /**
   * Where the pod's containers find the API; undefined when they cannot. To be called when the pod's sandbox is up:
   * before, there may be no bridge.
   */
  async addressFor(pod: Pod): Promise<ApiAddress | undefined> {
    const { listen, podCidr, hostIPs } = this.#deps;
    const { host, port } = listen;
    if (pod.spec.hostNetwork) return { host: isAnyAddress(host) ? '127.0.0.1' : host, port };
    if (podCidr === undefined) {
      const reachable = isAnyAddress(host) ? hostIPs()[0] : host;
      return reachable === undefined || isLoopback(reachable) ? undefined : { host: reachable, port };
    }
    await this.open();
    return this.#state === 'Open' ? { host: gatewayOf(podCidr), port } : undefined;
  }

  /** Listens at the bridge, when that is needed and there is one. Repeatable. */
  async open(): Promise<void> {
    const { listen, podCidr } = this.#deps;
    if (podCidr === undefined || this.#state !== 'Closed') return;
    if (isAnyAddress(listen.host)) this.#state = 'Open';
    else {
      this.#opening ??= this.#listen(podCidr);
      await this.#opening;
      this.#opening = undefined;
    }
  }

  async #listen(podCidr: string): Promise<void> {
    const { listen, listenAlso, log } = this.#deps;
    const address = { host: gatewayOf(podCidr), port: listen.port };
    try {
      await listenAlso(address, (remote) => isInCidr(remote.replace(/^::ffff:/, ''), podCidr));
      this.#state = 'Open';
    } catch (error) {
      const code = isStatusError(error) ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined;
      // No bridge yet; the first pod makes it.
      if (code === 'EADDRNOTAVAIL') return;
      this.#state = 'Failed';
      log.error('pods cannot reach the API: its address on their network cannot be listened on', { ...address, error });
    }
  }
}

/** The variables by which client libraries find the API, as Kubernetes sets them for the service `kubernetes`. */
export function apiVariables({ host, port }: ApiAddress): ReadonlyMap<string, string> {
  const url = `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Map([
    ['KUBERNETES_SERVICE_HOST', host],
    ['KUBERNETES_SERVICE_PORT', String(port)],
    ['KUBERNETES_SERVICE_PORT_HTTPS', String(port)],
    ['KUBERNETES_PORT', url],
    [`KUBERNETES_PORT_${port}_TCP`, url],
    [`KUBERNETES_PORT_${port}_TCP_PROTO`, 'tcp'],
    [`KUBERNETES_PORT_${port}_TCP_PORT`, String(port)],
    [`KUBERNETES_PORT_${port}_TCP_ADDR`, host],
  ]);
}

function isAnyAddress(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
}

function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1' || host === 'localhost';
}
