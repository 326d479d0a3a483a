/**
 * The resolv.conf of each pod: written by us, not by the runtime, so that a pod that runs sees the name servers of
 * the network the device is on now. The runtime would copy the device's file once, when the pod starts.
 *
 * Works on the host's files alone: it follows what is written there, and writes a pod's file only when it changes.
 */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { Files } from '../../host/files.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { DnsConfig } from '../../runtime/runtime.ts';
import { podLogName, podRef } from '../pod-names.ts';
import { formatResolvConf, isLoopback, parseResolvConf, podDnsConfig } from './dns-config.ts';

/** Where systemd-resolved writes the servers that its stub asks. */
const resolvedUpstream = '/run/systemd/resolve/resolv.conf';
const resolvedStub = '127.0.0.53';

/** DHCP clients write a file several times in a row. */
const settleMs = 200;

export interface PodDnsDeps {
  readonly files: Pick<Files, 'readFile' | 'writeFile' | 'overwrite' | 'makeDirectory'>;
  /** Calls `onChange` when one of the files may have changed, until `signal` aborts. */
  readonly watch: (paths: readonly string[], onChange: () => void, signal: AbortSignal) => void;
  readonly podRunDirectory: (uid: string) => string;
  readonly pods: { list(): readonly Pod[]; whenSynced(signal: AbortSignal): Promise<void> };
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Logger;
  /** KubeletConfiguration's resolvConf: the device's own file. */
  readonly resolvConf: string;
}

export class PodDns {
  readonly #deps: PodDnsDeps;

  constructor(deps: PodDnsDeps) {
    this.#deps = deps;
  }

  /** What a pod that starts now is to use. */
  async configOf(pod: Pod): Promise<DnsConfig> {
    return podDnsConfig(pod, await this.#hostDns(pod.spec.hostNetwork === true));
  }

  /** The pod's file, made or brought up to date; its path. */
  async fileOf(pod: Pod): Promise<string> {
    const { files, podRunDirectory } = this.#deps;
    const directory = podRunDirectory(podRef(pod).uid);
    await files.makeDirectory(directory, 0o750);
    const path = pathIn(directory);
    if (!(await this.#refresh(pod))) await files.writeFile(path, formatResolvConf(await this.configOf(pod)), 0o644);
    return path;
  }

  /** Follows the device's files until `signal` aborts. What changed while nobody followed is made up for first. */
  async run(signal: AbortSignal): Promise<void> {
    const { watch, resolvConf, clock, pods } = this.#deps;
    await pods.whenSynced(signal).catch(() => {});
    let change = Promise.withResolvers<void>();
    watch([resolvConf, resolvedUpstream], () => change.resolve(), signal);
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    while (!signal.aborted) {
      await this.#refreshAll();
      await Promise.race([change.promise, stopped]);
      change = Promise.withResolvers();
      await clock.sleep(settleMs, signal).catch(() => {});
    }
  }

  async #refreshAll(): Promise<void> {
    for (const pod of this.#deps.pods.list()) {
      try {
        await this.#refresh(pod);
      } catch (error) {
        // Its containers go on with what they have; the next change of the file is another chance.
        this.#deps.log.warn("a pod's resolv.conf could not be written", { pod: podLogName(podRef(pod)), error });
      }
    }
  }

  /** False when the pod has no file: it has not started. */
  async #refresh(pod: Pod): Promise<boolean> {
    const { files, podRunDirectory, log } = this.#deps;
    const path = pathIn(podRunDirectory(podRef(pod).uid));
    const present = await files.readFile(path);
    if (present === undefined) return false;
    const config = await this.configOf(pod);
    const text = formatResolvConf(config);
    if (present.toString() === text) return true;
    // In place: containers have this very file mounted.
    await files.overwrite(path, text);
    log.info('name servers of a pod changed', { pod: podLogName(podRef(pod)), servers: config.servers });
    return true;
  }

  /** The device's own servers; those on its loopback cannot be reached from a network of its own. */
  async #hostDns(onHostNetwork: boolean): Promise<DnsConfig> {
    const own = await this.#read(this.#deps.resolvConf);
    const upstream = own.servers.includes(resolvedStub) ? await this.#read(resolvedUpstream) : own;
    const host = upstream.servers.length > 0 ? upstream : own;
    if (onHostNetwork) return host;
    return { ...host, servers: host.servers.filter((server) => !isLoopback(server)) };
  }

  async #read(path: string): Promise<DnsConfig> {
    return parseResolvConf((await this.#deps.files.readFile(path))?.toString() ?? '');
  }
}

function pathIn(directory: string): string {
  return `${directory}/resolv.conf`;
}
