/**
 * A LAN inside this machine: stations (devices, laptops) in network namespaces of their own, each with its own addresses,
 * interfaces, iptables and loopback, joined by switches that live in one more namespace. The machine's own network is
 * not touched, so two labs never meet and nothing of a lab is seen outside.
 *
 *     const lab = await NetworkLab.create();
 *     const kitchen = await lab.addStation('kitchen');                  // 192.168.80.1 on eth0, in the network "lan"
 *     const laptop = await lab.addStation('laptop', ['lan', 'garage']); // eth0 and eth1
 *     const device = await TestDevice.start({ station: kitchen });      // listens at 0.0.0.0:6443, announces itself
 *     await laptop.eliOk(['get', 'nodes']);                             // a home of its own, and no kubeconfig
 *     await kitchen.cut(); await kitchen.mend();                        // the cable
 *     await kitchen.lose(0.05);                                         // 5 % of the packets, either way
 *     await device.close(); await lab.close();                          // devices first
 *
 * A device brings its own containerd as everywhere else. One that runs no pods starts faster and lighter with that of
 * another: `args: ['--containerd', join(device.runDir, 'containerd/containerd.sock')]`.
 *
 * `close()` removes everything, also after a failure; what a killed test left behind is removed by the next lab.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Background } from './background.ts';
import { type CommandOptions, type CommandResult, run, runOk } from './command.ts';

const eliProgram = join(import.meta.dirname, '../../bin/eli');
const prefix = 'eliot-lab-';

let count = 0;

export class NetworkLab {
  readonly #name: string;
  readonly #networks: string[] = [];
  readonly #stations: Station[] = [];

  private constructor() {
    count += 1;
    this.#name = `${prefix}${process.pid}-${count}`;
  }

  /** An empty lab. Needs root. */
  static async create(): Promise<NetworkLab> {
    await removeAbandoned();
    const lab = new NetworkLab();
    await runOk('ip', ['netns', 'add', lab.#switches]);
    return lab;
  }

  /** Namespace of the switches. */
  get #switches(): string {
    return `${this.#name}-switches`;
  }

  /**
   * A machine of its own in one or more networks, which are made when they are first named: the first has the addresses
   * 192.168.80.0/24, the second 192.168.81.0/24. The nth station of a lab ends in `.n` in each of them.
   *
   * @param name at most 15 letters and digits
   */
  async addStation(name: string, networks: readonly string[] = ['lan']): Promise<Station> {
    const station = new Station(`${this.#name}-${name}`, name, this.#switches);
    this.#stations.push(station);
    await runOk('ip', ['netns', 'add', station.namespace]);
    await runOk('ip', ['-n', station.namespace, 'link', 'set', 'lo', 'up']);
    for (const network of networks) {
      const subnet = 80 + (await this.#switchOf(network));
      await station.plugIn(network, `192.168.${subnet}.${this.#stations.length}`);
    }
    return station;
  }

  /** Ends nothing that runs in a station: close its devices first. */
  async close(): Promise<void> {
    for (const station of this.#stations) await station.close();
    await runOk('ip', ['netns', 'delete', this.#switches]);
  }

  /** Its number; a bridge of that name in the namespace of the switches. */
  async #switchOf(network: string): Promise<number> {
    const known = this.#networks.indexOf(network);
    if (known >= 0) return known;
    const made = this.#networks.push(network) - 1;
    await runOk('ip', ['-n', this.#switches, 'link', 'add', network, 'type', 'bridge']);
    await runOk('ip', ['-n', this.#switches, 'link', 'set', network, 'up']);
    return made;
  }
}

/** One machine of a lab. */
export class Station {
  /** As `ip netns` knows it. */
  readonly namespace: string;
  readonly name: string;
  /** Its home directory: what eli keeps. */
  readonly home: string;
  /** IPv4 address of each interface, eth0 first. */
  readonly addresses: string[] = [];
  readonly #switches: string;

  constructor(namespace: string, name: string, switches: string) {
    this.namespace = namespace;
    this.name = name;
    this.#switches = switches;
    this.home = mkdtempSync(join(tmpdir(), 'eliot-home-'));
  }

  /** The address of eth0. */
  get address(): string {
    const [first] = this.addresses;
    if (first === undefined) throw new Error(`${this.name} is in no network`);
    return first;
  }

  /** Adds an interface, eth0 first, with its cable in the switch of `network`. The lab calls it. */
  async plugIn(network: string, address: string): Promise<void> {
    const port = this.#port(this.addresses.length);
    const own = `eth${this.addresses.length}`;
    const { namespace } = this;
    this.addresses.push(address);
    const end = ['type', 'veth', 'peer', 'name', port, 'netns', this.#switches];
    await runOk('ip', ['-n', namespace, 'link', 'add', own, ...end]);
    await runOk('ip', ['-n', this.#switches, 'link', 'set', 'dev', port, 'master', network, 'up']);
    await runOk('ip', ['-n', namespace, 'address', 'add', `${address}/24`, 'broadcast', '+', 'dev', own]);
    await runOk('ip', ['-n', namespace, 'link', 'set', own, 'up']);
  }

  /** Pulls the cable of an interface: it has no carrier any more. */
  async cut(number = 0): Promise<void> {
    await runOk('ip', ['-n', this.#switches, 'link', 'set', this.#port(number), 'down']);
  }

  async mend(number = 0): Promise<void> {
    await runOk('ip', ['-n', this.#switches, 'link', 'set', this.#port(number), 'up']);
  }

  /** Loses this share (0 to 1) of the packets that come and that go, on every interface but the loopback. 0: none. */
  async lose(share: number): Promise<void> {
    for (const [chain, direction] of [
      ['INPUT', '-i'],
      ['OUTPUT', '-o'],
    ] as const) {
      await this.runOk('iptables', ['--wait', '--flush', chain]);
      if (share === 0) continue;
      const chance = ['-m', 'statistic', '--mode', 'random', '--probability', String(share)];
      await this.runOk('iptables', ['--wait', '--append', chain, direction, 'eth+', ...chance, '-j', 'DROP']);
    }
  }

  /** Moves eth0 to another address of its network, as DHCP would. */
  async move(address: string): Promise<void> {
    await runOk('ip', ['-n', this.namespace, 'address', 'flush', 'dev', 'eth0', 'scope', 'global']);
    await runOk('ip', ['-n', this.namespace, 'address', 'add', `${address}/24`, 'broadcast', '+', 'dev', 'eth0']);
    this.addresses[0] = address;
  }

  /** The command line that runs `command` in the station: its network, but the files and processes of the machine. */
  within(command: string, args: readonly string[]): readonly [string, readonly string[]] {
    // Not `ip netns exec`: its mount namespace would hide eliotd's mounts from containerd.
    return ['nsenter', [`--net=/run/netns/${this.namespace}`, '--', command, ...args]];
  }

  run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return run(...this.within(command, args), options);
  }

  runOk(command: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return runOk(...this.within(command, args), options);
  }

  /** A program that runs beside the test; the caller stops it. */
  background(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Background {
    return new Background(...this.within(command, args), env);
  }

  /** `eli` as a person at this station runs it: no kubeconfig but what it keeps in `home`, and no daemon here. */
  eli(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return this.run(eliProgram, args, { ...options, env: { ...this.env(), ...options.env } });
  }

  eliOk(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return this.runOk(eliProgram, args, { ...options, env: { ...this.env(), ...options.env } });
  }

  /** The environment of a person who has set nothing. */
  env(): Record<string, string> {
    return {
      HOME: this.home,
      KUBECONFIG: '',
      ELI_NODE: '',
      ELI_KUBECONFIG: '',
      ELIOT_RUN_DIR: join(this.home, 'none'),
    };
  }

  /** Its namespace, with every interface in it, and its home. The lab calls it. */
  async close(): Promise<void> {
    rmSync(this.home, { recursive: true, force: true });
    await run('ip', ['netns', 'delete', this.namespace]);
  }

  /** The switch's end of the cable of ethN. */
  #port(number: number): string {
    return `${this.name}.${number}`.slice(-15);
  }
}

/** Removes the namespaces of labs whose test process is gone. */
async function removeAbandoned(): Promise<void> {
  for (const name of namespaces()) {
    const pid = Number(name.slice(prefix.length).split('-')[0]);
    if (!isAlive(pid)) await run('ip', ['netns', 'delete', name]);
  }
}

function namespaces(): string[] {
  try {
    return readdirSync('/run/netns').filter((name) => name.startsWith(prefix));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
