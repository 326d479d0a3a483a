/**
 * A whole machine for a test: Debian with systemd and cgroup v2 under qemu, made by `scripts/vm/make-guest.sh`, with
 * this checkout's bundles on a disk of their own. Its power can be cut, its clock set, its kernel told things.
 *
 * Emulated without KVM it is about ten times slower than the host, so every limit here is generous.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandResult, run } from '../command.ts';
import { freePort } from '../device.ts';
import { waitFor } from '../wait.ts';
import { GuestControl, type ShellOptions } from './guest-control.ts';
import { makeProgramDisk } from './program-disk.ts';

const guestDirectory = join(import.meta.dirname, '../../../.cache/vm/guest');

/** Why no machine can be tested here; undefined when one can. */
export function whyNoGuest(): string | undefined {
  try {
    execFileSync('qemu-system-x86_64', ['--version'], { stdio: 'ignore' });
  } catch {
    return 'qemu-system-x86_64 is not installed';
  }
  return existsSync(join(guestDirectory, 'root.img')) ? undefined : 'the guest is not made: run npm run test:vm';
}

export interface BootOptions {
  /** Added to the kernel's command line. */
  readonly kernel?: string;
  /** What the clocks say when the system starts, for example `2016-01-01T00:00:00`. Default: the right time. */
  readonly clock?: string;
}

export class Guest {
  readonly directory: string;
  /** Port on the host's loopback that leads to eliotd's. */
  readonly apiPort: number;
  /** How long things took, for the report: what, and milliseconds. */
  readonly durations: [what: string, ms: number][] = [];
  #machine: ChildProcess | undefined;
  #control: GuestControl | undefined;

  private constructor(directory: string, apiPort: number) {
    this.directory = directory;
    this.apiPort = apiPort;
  }

  /**
   * A machine with fresh disks, not yet on.
   *
   * @param makeDisk what is at /opt/eliot. Default: this checkout.
   */
  static async create(makeDisk: (path: string) => Promise<void> = makeProgramDisk): Promise<Guest> {
    const directory = mkdtempSync(join(tmpdir(), 'eliot-vm-'));
    try {
      await run('cp', ['--sparse=always', join(guestDirectory, 'root.img'), join(directory, 'root.img')]);
      await makeDisk(join(directory, 'programs.img'));
      return new Guest(directory, await freePort());
    } catch (error) {
      rmSync(directory, { recursive: true });
      throw error;
    }
  }

  /** Powers it on; returns when root's shell answers, which is before the network and eliotd are up. */
  boot(options: BootOptions = {}): Promise<void> {
    return this.timed('power on to shell', () => this.#boot(options));
  }

  async #boot(options: BootOptions): Promise<void> {
    if (this.isOn) throw new Error('the machine is on already');
    const socket = join(this.directory, 'control.sock');
    rmSync(socket, { force: true });
    const log = openSync(join(this.directory, 'qemu.log'), 'a');
    // With the test that started it, however that ends.
    const machine = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...this.#machineArguments(socket, options)],
      {
        stdio: ['ignore', log, log],
      },
    );
    closeSync(log);
    this.#machine = machine;
    const control = await waitFor('qemu to listen', () => GuestControl.connect(socket), { timeoutMs: 30_000 });
    this.#control = control;
    try {
      await waitFor(
        'the guest to answer',
        async () => {
          if (machine.exitCode !== null) throw new Error(`qemu ended with ${machine.exitCode}`);
          return (await control.shell('true', { timeoutMs: 5_000 })).exitCode === 0;
        },
        { timeoutMs: 240_000, intervalMs: 500 },
      );
    } catch (error) {
      throw new Error(`the guest did not start; its console:\n${this.console().slice(-4000)}`, { cause: error });
    }
  }

  get isOn(): boolean {
    return this.#machine !== undefined && this.#machine.exitCode === null && this.#machine.signalCode === null;
  }

  /** Runs a script as root inside. */
  shell(script: string, options: ShellOptions = {}): Promise<CommandResult> {
    if (this.#control === undefined) throw new Error('the machine is off');
    return this.#control.shell(script, options);
  }

  /** Runs a script that must succeed; what it printed. */
  async shellOk(script: string, options: ShellOptions = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await this.shell(script, options);
    if (exitCode !== 0) throw new Error(`in the guest, ${script} ended with ${exitCode}\n${stderr}\n${stdout}`);
    return stdout.trimEnd();
  }

  /** What the kernel and systemd wrote on the console. */
  console(): string {
    return readFileSync(join(this.directory, 'console.log'), 'utf8');
  }

  /** The power is gone: nothing of what only memory held is left. */
  async cutPower(): Promise<void> {
    this.#machine?.kill('SIGKILL');
    await this.#off(20_000);
  }

  /** An orderly end. */
  powerOff(): Promise<void> {
    return this.timed('orderly power off', async () => {
      await this.shell('systemctl --no-block poweroff');
      await this.#off(240_000);
    });
  }

  /** Keeps how long `work` took. */
  async timed<T>(what: string, work: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    try {
      return await work();
    } finally {
      this.durations.push([what, performance.now() - startedMs]);
    }
  }

  /** An orderly end and a new start. */
  async reboot(options: BootOptions = {}): Promise<void> {
    await this.powerOff();
    await this.boot(options);
  }

  /** Ends it, removes it and prints how long things took. */
  async close(): Promise<void> {
    await this.cutPower();
    for (const [what, all] of Map.groupBy(this.durations, ([name]) => name)) {
      const seconds = all.map(([, ms]) => (ms / 1000).toFixed(0));
      console.log(`${what.padEnd(28)} ${seconds.join(', ')} s`);
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #off(timeoutMs: number): Promise<void> {
    await waitFor('the machine to be off', () => !this.isOn, { timeoutMs });
    this.#control?.close();
    this.#control = undefined;
  }

  #machineArguments(socket: string, { kernel = '', clock }: BootOptions): string[] {
    const cpus = Number(process.env['ELIOT_VM_CPUS'] ?? Math.min(2, availableParallelism()));
    const clockOption = clock === undefined ? '' : `eliot.clock=${clock}`;
    // The kernel panics when its first timer ticks come late, as they do on a busy host: it need not look for them.
    const command = `root=/dev/vda rw console=ttyS0 panic=-1 quiet no_timer_check systemd.show_status=0 ${kernel} ${clockOption}`;
    return [
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
      // Not KVM: where /dev/kvm exists but is broken, the guest would hang.
      ...['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', String(cpus), '-m', '2048'],
      ...['-rtc', `base=${clock ?? 'utc'}`],
      ...[
        '-kernel',
        join(guestDirectory, 'vmlinuz'),
        '-initrd',
        join(guestDirectory, 'initrd.img'),
        '-append',
        command,
      ],
      ...['-serial', `file:${join(this.directory, 'console.log')}`],
      ...['-chardev', `socket,id=control,path=${socket},server=on,wait=off`],
      ...['-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=control,name=eliot.control'],
      ...['-device', 'virtio-rng-pci'],
      // Writes go to the file when the guest's kernel writes them, and are on the disk when it flushes.
      ...['-drive', `file=${join(this.directory, 'root.img')},format=raw,if=virtio,cache=writeback`],
      ...['-drive', `file=${join(this.directory, 'programs.img')},format=raw,if=virtio,readonly=on`],
      ...['-nic', `user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:${this.apiPort}-:6443`],
    ];
  }
}
