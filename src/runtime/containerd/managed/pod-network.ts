/**
 * What the pod network needs beside CNI: forwarding, one masquerade rule for all pods, and leave to forward where
 * the machine's policy is to drop. All in chains of this instance's own, so that a reset takes away just these.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { Iptables, Rule } from '../../../host/iptables.ts';
import type { NetworkNamespaces } from '../../../host/netns.ts';
import type { RunChild } from '../../../host/run-child.ts';
import { gatewayOf, isInCidr } from '../../../lib/cidr.ts';
import type { Logger } from '../../../lib/logger.ts';
import { isStatusError } from '../../../lib/status-error.ts';
import type { ManagedLayout } from './layout.ts';

const forwardingSwitch = '/proc/sys/net/ipv4/ip_forward';
const interfaces = '/sys/class/net';
/** Not configurable in containerd 1.6. */
const cniResults = '/var/lib/cni/results';
/** Shared by every user of the portmap plug-in, and made anew by it when missing. */
const portmapChains = ['CNI-HOSTPORT-DNAT', 'CNI-HOSTPORT-MASQ', 'CNI-HOSTPORT-SETMARK'];

export interface PodNetworkDeps {
  readonly layout: ManagedLayout;
  readonly podCidr: string;
  readonly bridge: string;
  readonly iptables: Iptables;
  readonly namespaces: NetworkNamespaces;
  readonly runChild: RunChild;
  readonly log: Logger;
}

export class PodNetwork {
  readonly #deps: PodNetworkDeps;

  constructor(deps: PodNetworkDeps) {
    this.#deps = deps;
  }

  /**
   * Makes the rules; repeatable, and repeated now and then, as other programs flush tables.
   * Without iptables pods still run and reach the device, but not the world; that is logged, not an error.
   */
  async ensure(signal: AbortSignal): Promise<void> {
    const { layout, iptables, bridge, log } = this.#deps;
    await this.#turnOnForwarding();
    const { chain } = layout;
    try {
      await iptables.ensureChain('nat', chain, this.#masqueradeRules(), signal);
      await iptables.ensureRule('nat', 'POSTROUTING', this.#jump(), signal);
      // At the end of FORWARD: what the machine's owner forbids there stays forbidden.
      const forward = [
        ['-i', bridge, '-j', 'ACCEPT'],
        ['-o', bridge, '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', '-j', 'ACCEPT'],
        ['-o', bridge, '-m', 'conntrack', '--ctstate', 'DNAT', '-j', 'ACCEPT'],
      ];
      await iptables.ensureChain('filter', chain, forward, signal);
      await iptables.ensureRule('filter', 'FORWARD', ['-j', chain], signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isStatusError(error)) throw error;
      log.error('pods cannot reach other networks: iptables failed', { error, chain });
    }
  }

  /**
   * To be called before each pod, not once: another instance's reset, or a person, may have taken the mount away since.
   * Without it pods run as well, so a failure is only logged.
   */
  async prepareNamespaces(signal: AbortSignal): Promise<void> {
    try {
      await this.#deps.namespaces.prepare(signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#deps.log.warn('the directory of network namespaces cannot be made a mount point', { error });
    }
  }

  /** Takes away all that `ensure`, CNI and failed clean-ups left of this instance. Call it when no pod runs. */
  async remove(signal: AbortSignal): Promise<void> {
    await this.#removeNamespaces(signal);
    await this.#deps.namespaces.leave(signal);
    await this.#removeRules(signal);
    await this.#removeBridge(signal);
    await this.forgetResults();
    await this.#turnOffForwarding();
  }

  #masqueradeRules(): readonly Rule[] {
    const { podCidr } = this.#deps;
    return [
      ['-d', '224.0.0.0/4', '-j', 'RETURN'],
      ['!', '-d', podCidr, '-j', 'MASQUERADE'],
    ];
  }

  #jump(): Rule {
    return ['-s', this.#deps.podCidr, '-j', this.#deps.layout.chain];
  }

  async #turnOnForwarding(): Promise<void> {
    const { layout, log } = this.#deps;
    if ((await readFile(forwardingSwitch, 'utf8')).trim() === '1') return;
    await writeFile(layout.forwardingPath, '');
    await writeFile(forwardingSwitch, '1');
    log.info('turned on IPv4 forwarding for the pod network');
  }

  /** Only when it was us who turned it on, and no other virtual network is left that may live on it by now. */
  async #turnOffForwarding(): Promise<void> {
    const { layout } = this.#deps;
    const isOurs = await readFile(layout.forwardingPath).then(
      () => true,
      () => false,
    );
    if (!isOurs) return;
    if (!(await hasVirtualNetwork())) await writeFile(forwardingSwitch, '0');
    await rm(layout.forwardingPath, { force: true });
  }

  /** Network namespaces with an address of our pods, which no sandbox took along. */
  async #removeNamespaces(signal: AbortSignal): Promise<void> {
    const { namespaces, podCidr } = this.#deps;
    for (const name of await namespaces.list()) {
      if (!name.startsWith('cni-')) continue;
      const addresses = await namespaces.addresses(name, signal);
      if (addresses.some((address) => isInCidr(address, podCidr))) await namespaces.remove(name, signal);
    }
  }

  async #removeRules(signal: AbortSignal): Promise<void> {
    const { iptables, layout } = this.#deps;
    try {
      await iptables.removeRule('nat', 'POSTROUTING', this.#jump(), signal);
      await iptables.removeChain('nat', layout.chain, signal);
      await iptables.removeRule('filter', 'FORWARD', ['-j', layout.chain], signal);
      await iptables.removeChain('filter', layout.chain, signal);
      await this.#removePodChains(signal);
    } catch (error) {
      // Without iptables there is no rule to remove.
      if (!isStatusError(error, 'NotFound')) throw error;
    }
  }

  /** Chains of single pods name their network in a comment; the shared ones go when nobody uses them. */
  async #removePodChains(signal: AbortSignal): Promise<void> {
    const { iptables, layout, runChild } = this.#deps;
    const dnat = (await iptables.listChain('nat', 'CNI-HOSTPORT-DNAT', signal)) ?? [];
    for (const rule of dnat.filter((line) => line.includes(`name: \\"${layout.network}\\"`))) {
      const chain = /-j (CNI-DN-[0-9a-f]+)/.exec(rule)?.[1];
      await runChild('sh', ['-c', `iptables -w 5 -t nat ${rule.replace('-A ', '-D ')}`], signal);
      if (chain !== undefined) await iptables.removeChain('nat', chain, signal);
    }
    if ((await iptables.listChain('nat', 'CNI-HOSTPORT-DNAT', signal))?.length !== 0) return;
    for (const parent of ['PREROUTING', 'OUTPUT', 'POSTROUTING']) {
      const jumps = (await iptables.listChain('nat', parent, signal)) ?? [];
      for (const jump of jumps.filter((line) => portmapChains.some((chain) => line.endsWith(` -j ${chain}`)))) {
        await runChild('sh', ['-c', `iptables -w 5 -t nat ${jump.replace('-A ', '-D ')}`], signal);
      }
    }
    // The one that jumps to another goes first.
    for (const chain of portmapChains) await iptables.removeChain('nat', chain, signal).catch(() => {});
  }

  /** The bridge, if it is ours: another program may have one of the same name. */
  async #removeBridge(signal: AbortSignal): Promise<void> {
    const { bridge, podCidr, runChild } = this.#deps;
    const shown = await runChild('ip', ['-o', '-4', 'address', 'show', 'dev', bridge], signal);
    if (shown.exitCode !== 0 || !shown.stdout.includes(` inet ${gatewayOf(podCidr)}/`)) return;
    await runChild('ip', ['link', 'delete', bridge], signal);
  }

  /**
   * Takes away what CNI noted of each sandbox' network. Call it when no sandbox runs, so after a boot: a power cut
   * leaves the notes empty, and with an empty one, unlike with none, no sandbox can be stopped or removed any more.
   */
  async forgetResults(): Promise<void> {
    const names = await readdir(cniResults).catch(() => []);
    for (const name of names.filter((file) => file.startsWith(`${this.#deps.layout.network}-`))) {
      await rm(`${cniResults}/${name}`, { force: true });
    }
  }
}

/** Whether a bridge or a tunnel is left: other containers, virtual machines, a VPN. */
async function hasVirtualNetwork(): Promise<boolean> {
  const names = await readdir(interfaces).catch(() => []);
  const parts = await Promise.all(names.map((name) => readdir(`${interfaces}/${name}`).catch(() => [])));
  return parts.flat().some((part) => part === 'bridge' || part === 'tun_flags');
}
