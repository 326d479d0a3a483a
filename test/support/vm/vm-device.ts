/** An Eliot device on a whole machine: eliotd as the systemd service of `packaging/`, kubectl and eli on the host. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeBusyboxImage } from '../../../scripts/busybox-image.ts';
import { type CommandOptions, type CommandResult, run, runOk } from '../command.ts';
import { testImage } from '../device.ts';
import { kubectlPath } from '../kubectl.ts';
import { waitFor } from '../wait.ts';
import { type BootOptions, Guest } from './guest.ts';
import { makeFileDisk } from './program-disk.ts';

const root = join(import.meta.dirname, '../../..');

/** What one pod's first container looks like, as far as these tests ask. */
export interface PodSeen {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly containerStatuses?: readonly {
      readonly ready: boolean;
      readonly restartCount: number;
      readonly imageID?: string;
      readonly state?: {
        readonly waiting?: { readonly reason?: string; readonly message?: string };
        readonly terminated?: TerminatedSeen;
      };
      readonly lastState?: { readonly terminated?: TerminatedSeen };
    }[];
  };
}

interface TerminatedSeen {
  readonly reason?: string;
  readonly exitCode: number;
}

export class VmDevice {
  readonly guest: Guest;
  readonly kubeconfig: string;

  private constructor(guest: Guest) {
    this.guest = guest;
    this.kubeconfig = join(guest.directory, 'kubeconfig');
  }

  /** A machine on which eliotd was just installed as docs/user/install-as-a-service.md says, with `testImage`. */
  static async install(options: BootOptions = {}): Promise<VmDevice> {
    return VmDevice.#start(await Guest.create(), options, (guest) =>
      guest.shellOk(`
        ln -s /opt/eliot/bin/eli /usr/bin/
        ln -s /opt/eliot/bin/eliotd /usr/sbin/
        install -D -m 644 /opt/eliot/packaging/eliotd.yaml /etc/eliot/eliotd.yaml
        install -m 644 /opt/eliot/packaging/systemd/eliotd.service /etc/systemd/system/
        systemctl enable --now eliotd
        # As an installer would: from here on the power may fail.
        sync`),
    );
  }

  /** The same after an installation of one's own from `files`, which are at /opt/eliot by their names. */
  static async installFrom(
    files: Readonly<Record<string, string>>,
    install: (guest: Guest) => Promise<unknown>,
  ): Promise<VmDevice> {
    return VmDevice.#start(await Guest.create((path) => makeFileDisk(path, files)), {}, install);
  }

  static async #start(
    guest: Guest,
    options: BootOptions,
    install: (guest: Guest) => Promise<unknown>,
  ): Promise<VmDevice> {
    const device = new VmDevice(guest);
    try {
      await guest.boot(options);
      await install(guest);
      await device.ready();
      await device.loadImage(testImage);
      return device;
    } catch (error) {
      const log = await device.log().catch(String);
      await guest.close();
      throw new Error(`the device did not get ready; its log:\n${log.slice(-6000)}`, { cause: error });
    }
  }

  /** Waits until the node is Ready, and takes over its credentials. */
  ready(): Promise<void> {
    return this.guest.timed('until the node is ready', () => this.#ready());
  }

  async #ready(): Promise<void> {
    const kubeconfig = await waitFor(
      'the credentials of the device',
      () => this.guest.shellOk('cat /var/lib/eliot/admin.kubeconfig'),
      { timeoutMs: 480_000, intervalMs: 1_000 },
    );
    const server = `https://127.0.0.1:${this.guest.apiPort}`;
    writeFileSync(this.kubeconfig, kubeconfig.replace(/https:\/\/[^\s"]+:6443/, server), { mode: 0o600 });
    await waitFor(
      'the node to be Ready',
      async () => {
        const status = '{.items[0].status.conditions[?(@.type=="Ready")].status}';
        return (await this.kubectlOk(['get', 'nodes', '-o', `jsonpath=${status}`])).stdout === 'True';
      },
      { timeoutMs: 240_000, intervalMs: 1_000 },
    );
  }

  /** What eliotd has logged since the machine started. */
  log(): Promise<string> {
    return this.guest.shellOk('journalctl -u eliotd -o cat --no-pager');
  }

  kubectl(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return run(kubectlPath(), args, { ...options, env: this.#env() });
  }

  kubectlOk(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return runOk(kubectlPath(), args, { ...options, env: this.#env() });
  }

  eliOk(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return runOk(join(root, 'bin/eli'), args, { ...options, env: this.#env() });
  }

  async loadImage(name: string, files: Readonly<Record<string, string>> = {}): Promise<void> {
    const input = await makeBusyboxImage({ name, files });
    await this.eliOk(['image', 'load', '-'], { input, timeoutMs: 240_000 });
  }

  async create(...objects: readonly object[]): Promise<void> {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    await this.kubectlOk(['create', '-f', '-'], { input });
  }

  async pods(): Promise<PodSeen[]> {
    return (JSON.parse((await this.kubectlOk(['get', 'pods', '-o', 'json'])).stdout) as { items: PodSeen[] }).items;
  }

  async pod(name: string): Promise<PodSeen> {
    return JSON.parse((await this.kubectlOk(['get', 'pod', name, '-o', 'json'])).stdout) as PodSeen;
  }

  /** Waits until `isReached` says so; the pod as it is then. */
  waitForPod(name: string, what: string, isReached: (pod: PodSeen) => boolean): Promise<PodSeen> {
    return waitFor(
      `pod ${name} ${what}`,
      async () => {
        const pod = await this.pod(name);
        if (!isReached(pod)) throw new Error(JSON.stringify(pod.status));
        return pod;
      },
      { timeoutMs: 240_000, intervalMs: 1_000 },
    );
  }

  waitUntilReady(...names: readonly string[]): Promise<void> {
    return this.guest.timed('until pods are ready', async () => {
      for (const name of names) {
        await this.waitForPod(name, 'ready', ({ status }) => status.containerStatuses?.[0]?.ready === true);
      }
    });
  }

  /** Process ids in the guest of the containers whose shell line ends with `: MARKER`. */
  async runsOf(marker: string): Promise<string[]> {
    const found = await this.guest.shell(`pgrep -f -- '^sh -c .*: ${marker}$'`);
    return found.stdout.split('\n').filter(Boolean);
  }

  close(): Promise<void> {
    return this.guest.close();
  }

  #env(): Record<string, string> {
    const { directory } = this.guest;
    return { KUBECONFIG: this.kubeconfig, HOME: directory, KUBECACHEDIR: join(directory, 'cache') };
  }
}
