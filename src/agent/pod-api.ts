/**
 * How pods reach the API of their device (docs/adr/0021): at the address of their bridge, which every pod network has,
 * at the port that clients use. Nothing has to be set up when the API listens on every address; else it listens there
 * too, for pods only. When it cannot, because another program has the port there, it tries again until it can.
 */
import type { Pod } from '../api/kinds/pod/types.ts';
import { gatewayOf, isInCidr } from '../lib/cidr.ts';
import type { Clock } from '../lib/clock.ts';
import { hostPort } from '../lib/host-port.ts';
import type { Logger } from '../lib/logger.ts';
import { isStatusError } from '../lib/status-error.ts';
import { WorkQueue } from '../lib/work-queue.ts';

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
  /** Tells in the events of the node. */
  readonly warnNode: (reason: string, message: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ApiAddress {
  readonly host: string;
  readonly port: number;
}

/** The only key of its queue. */
const bridge = 'bridge';
/** Between the first two tries, in milliseconds; doubles with each. */
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

export class PodApi {
  readonly #deps: PodApiDeps;
  readonly #retries: WorkQueue;
  #isOpen = false;
  /** That it cannot be opened was told. */
  #isTold = false;
  /** Before the next try. */
  #pauseMs = firstPauseMs;
  #opening: Promise<void> | undefined;

  constructor(deps: PodApiDeps) {
    this.#deps = deps;
    const { clock, log } = deps;
    this.#retries = new WorkQueue({ clock, log, process: () => this.#tryAgain() });
  }

  /** Tries again what failed until `signal` aborts: pods that run already know the address. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#retries.run(signal);
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
    return this.#isOpen ? { host: gatewayOf(podCidr), port } : undefined;
  }

  /** Listens at the bridge, when that is needed and there is one. Repeatable. */
  async open(): Promise<void> {
    const { listen, podCidr } = this.#deps;
    if (podCidr === undefined || this.#isOpen) return;
    if (isAnyAddress(listen.host)) this.#isOpen = true;
    else {
      this.#opening ??= this.#listen(podCidr).finally(() => {
        this.#opening = undefined;
      });
      await this.#opening;
    }
  }

  async #listen(podCidr: string): Promise<void> {
    const { listen, listenAlso, log } = this.#deps;
    const address = { host: gatewayOf(podCidr), port: listen.port };
    try {
      await listenAlso(address, (remote) => isInCidr(remote.replace(/^::ffff:/, ''), podCidr));
      this.#isOpen = true;
      if (this.#isTold) log.info('pods can reach the API now', address);
    } catch (error) {
      const code = isStatusError(error) ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined;
      // No bridge yet; the first pod makes it.
      if (code === 'EADDRNOTAVAIL') return;
      if (!this.#isTold) this.#tell(address, code ?? String(error));
      this.#retries.addAfter(bridge, this.#pauseMs);
    }
  }

  async #tryAgain(): Promise<undefined> {
    this.#pauseMs = Math.min(2 * this.#pauseMs, longestPauseMs);
    await this.open();
  }

  #tell({ host, port }: ApiAddress, why: string): void {
    this.#isTold = true;
    const message = `Pods cannot reach the API: ${hostPort(host, port)}, its address on their network, cannot be listened on (${why})`;
    this.#deps.log.error('pods cannot reach the API: its address on their network cannot be listened on', {
      host,
      port,
      why,
    });
    this.#deps.warnNode('PodsCannotReachAPI', message);
  }
}

/** The variables by which client libraries find the API, as Kubernetes sets them for the service `kubernetes`. */
export function apiVariables({ host, port }: ApiAddress): ReadonlyMap<string, string> {
  const url = `tcp://${hostPort(host, port)}`;
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
