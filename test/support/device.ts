/**
 * One Eliot device for a test: the built eliotd in directories, ports and networks of its own, with
 * real containerd, driven by the real kubectl. `close()` removes everything, also after a failure.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeBusyboxImage } from '../../scripts/busybox-image.ts';
import { Background } from './background.ts';
import { type CommandOptions, type CommandResult, run, runOk } from './command.ts';
import { kubectlPath } from './kubectl.ts';
import type { Station } from './network-lab.ts';
import { claimPodNetwork, type PodNetwork } from './pod-network.ts';
import { waitFor } from './wait.ts';

const root = join(import.meta.dirname, '../..');

/** The image that `DeviceOptions.image` loads: Debian's busybox, no entry point, `sh` as command. */
export const testImage = 'eliot.test/busybox:1';

export interface DeviceOptions {
  /** Added to eliotd's command line. */
  readonly args?: readonly string[];
  /** Text of its settings file. */
  readonly config?: string;
  /** Load `testImage` after the start. Default true. */
  readonly image?: boolean;
  /** Put the run directory on tmpfs, as on a device; for measuring what is written to disk. Default false. */
  readonly runOnTmpfs?: boolean;
  /** Where it stands: it takes the station's name, listens at 0.0.0.0:6443 there and announces itself. Default: this machine. */
  readonly station?: Station;
  /** Name the node on the command line. Default true; else it is called as this machine, and can be renamed. */
  readonly isNamed?: boolean;
}

let count = 0;

export class TestDevice {
  readonly directory: string;
  readonly dataDir: string;
  readonly runDir: string;
  readonly kubeconfig: string;
  readonly logFile: string;
  readonly bridge: string;
  readonly port: number;
  readonly #network: PodNetwork;
  readonly #station: Station | undefined;
  readonly #isNamed: boolean;
  #args: readonly string[];
  #daemon: ChildProcess | undefined;

  private constructor(port: number, options: DeviceOptions) {
    count += 1;
    this.port = port;
    this.#station = options.station;
    this.#isNamed = options.isNamed ?? true;
    this.directory = mkdtempSync(join(tmpdir(), 'eliot-e2e-'));
    this.dataDir = join(this.directory, 'data');
    this.runDir = options.runOnTmpfs ? mkdtempSync('/dev/shm/eliot-run-') : join(this.directory, 'run');
    this.kubeconfig = join(this.dataDir, 'admin.kubeconfig');
    this.logFile = join(this.directory, 'eliotd.log');
    this.bridge = `et${process.pid}${count}`.slice(0, 15);
    this.#network = claimPodNetwork();
    const config = join(this.directory, 'eliotd.yaml');
    if (options.config !== undefined) writeFileSync(config, options.config);
    this.#args = [...(options.args ?? []), ...(options.config === undefined ? [] : ['--config', config])];
  }

  /** A device whose eliotd says ready and whose node is Ready. */
  static async start(options: DeviceOptions = {}): Promise<TestDevice> {
    const device = new TestDevice(await portFor(options), options);
    try {
      await device.startDaemon();
      await device.waitForNode();
      if (options.image !== false) await device.loadImage(testImage);
      return device;
    } catch (error) {
      const log = device.log();
      await device.close();
      throw new Error(`the device did not start; its log:\n${log.slice(-6000)}`, { cause: error });
    }
  }

  /** Adds to eliotd's command line, from the next start on. */
  addArgs(...args: readonly string[]): void {
    this.#args = [...this.#args, ...args];
  }

  /** A device with nothing started, for tests of the start itself. */
  static async create(options: DeviceOptions = {}): Promise<TestDevice> {
    return new TestDevice(await portFor(options), options);
  }

  get flags(): string[] {
    return [
      '--data-dir',
      this.dataDir,
      '--run-dir',
      this.runDir,
      '--listen',
      `${this.#station === undefined ? '127.0.0.1' : '0.0.0.0'}:${this.port}`,
      '--pod-cidr',
      this.podCidr,
      '--bridge',
      this.bridge,
      ...(this.#isNamed ? ['--node-name', this.#station?.name ?? 'device'] : []),
      ...(this.#station === undefined ? ['--no-discovery'] : []),
      ...this.#args,
    ];
  }

  get podCidr(): string {
    return this.#network.cidr;
  }

  get pid(): number {
    if (this.#daemon?.pid === undefined) throw new Error('eliotd is not running');
    return this.#daemon.pid;
  }

  /** Everything eliotd printed so far. */
  log(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
  }

  /** Starts eliotd and waits for its ready line. */
  async startDaemon(): Promise<void> {
    const offset = this.log().length;
    const fd = openSync(this.logFile, 'a');
    const [command, args] = this.#within(join(root, 'bin/eliotd'), [...this.flags, '--log-level', 'debug']);
    const daemon = spawn(command, args, {
      stdio: ['ignore', fd, fd],
      detached: true,
    });
    closeSync(fd);
    this.#daemon = daemon;
    await waitFor('eliotd ready', () => {
      if (daemon.exitCode !== null)
        throw new Error(`eliotd ended with ${daemon.exitCode}:\n${this.log().slice(-3000)}`);
      return this.log().slice(offset).includes('eliotd ready');
    });
  }

  async waitForNode(): Promise<void> {
    await this.kubectlOk(['wait', '--for=condition=Ready', 'node', '--all', '--timeout=30s']);
  }

  /** Ends eliotd and waits until it is gone; its exit code, or the signal's name. */
  async stopDaemon(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | string> {
    const daemon = this.#daemon;
    if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return daemon?.exitCode ?? 0;
    daemon.kill(signal);
    await waitFor('the end of eliotd', () => daemon.exitCode !== null || daemon.signalCode !== null, {
      timeoutMs: 20_000,
      intervalMs: 5,
    });
    return daemon.exitCode ?? daemon.signalCode ?? -1;
  }

  async restartDaemon(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.stopDaemon(signal);
    await this.startDaemon();
  }

  /** Side-loads a busybox image under `name`. */
  async loadImage(name: string): Promise<void> {
    const archive = await makeBusyboxImage({ name });
    await this.eliOk(['image', 'load', '-'], { input: archive });
  }

  kubectl(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return run(...this.#within(kubectlPath(), args), { ...options, env: { ...this.clientEnv(), ...options.env } });
  }

  kubectlOk(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return runOk(...this.#within(kubectlPath(), args), { ...options, env: { ...this.clientEnv(), ...options.env } });
  }

  /** kubectl beside the test; the caller stops it. */
  kubectlBackground(args: readonly string[]): Background {
    return new Background(...this.#within(kubectlPath(), args), this.clientEnv());
  }

  eliBackground(args: readonly string[]): Background {
    return new Background(...this.#within(join(root, 'bin/eli'), args), this.clientEnv());
  }

  eli(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return run(...this.#within(join(root, 'bin/eli'), args), {
      ...options,
      env: { ...this.clientEnv(), ...options.env },
    });
  }

  eliOk(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return runOk(...this.#within(join(root, 'bin/eli'), args), {
      ...options,
      env: { ...this.clientEnv(), ...options.env },
    });
  }

  /** Creates objects from JSON or YAML text and waits for nothing. */
  async create(manifest: object | string): Promise<void> {
    const input = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
    await this.kubectlOk(['create', '-f', '-'], { input });
  }

  async waitForPhase(pod: string, phase: string, timeoutMs = 30_000): Promise<void> {
    await waitFor(
      `pod ${pod} ${phase}`,
      async () => {
        const seen = (await this.kubectlOk(['get', 'pod', pod, '-o', 'jsonpath={.status.phase}'])).stdout;
        if (seen !== phase) throw new Error(`its phase is ${seen}`);
        return true;
      },
      { timeoutMs, intervalMs: 200 },
    );
  }

  /** Stops eliotd, removes its pods, containerd, network and files. */
  async close(): Promise<void> {
    await this.stopDaemon('SIGTERM').catch(() => this.stopDaemon('SIGKILL'));
    // With its network: one that failed early has not recorded it, and the default one may be somebody's.
    const own = [
      '--data-dir',
      this.dataDir,
      '--run-dir',
      this.runDir,
      '--pod-cidr',
      this.podCidr,
      '--bridge',
      this.bridge,
    ];
    const reset = await run(...this.#within(join(root, 'bin/eliotd'), ['reset', ...own]));
    rmSync(this.directory, { recursive: true, force: true });
    rmSync(this.runDir, { recursive: true, force: true });
    this.#network.release();
    if (reset.exitCode !== 0) throw new Error(`eliotd reset ended with ${reset.exitCode}: ${reset.stderr}`);
  }

  #within(command: string, args: readonly string[]): readonly [string, readonly string[]] {
    return this.#station?.within(command, args) ?? [command, args];
  }

  clientEnv(): Record<string, string> {
    return { KUBECONFIG: this.kubeconfig, HOME: this.directory, KUBECACHEDIR: join(this.directory, 'cache') };
  }
}

/** In a network of its own it has the port that devices have. */
function portFor(options: DeviceOptions): Promise<number> {
  return options.station === undefined ? freePort() : Promise.resolve(6443);
}

/** A TCP port that was free a moment ago. */
export function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.on('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))));
  });
  return promise;
}

/** A pod that runs a shell line in the test image. */
export function shellPod(name: string, line: string, change: Record<string, unknown> = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: testImage, imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', line] }],
      ...change,
    },
  };
}
