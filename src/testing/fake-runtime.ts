/**
 * A container runtime in memory that behaves as containerd does where the agent can tell: states, exit
 * codes, reserved names, grace periods, streams, events. Passes `runtime-suite.ts`.
 *
 * Commands are run by `fake-runtime/busybox.ts`; an image whose container has no command runs a server
 * that ends on SIGTERM. Tests bend it through `programs`, `faults`, `images`, `endContainer` and `reboot`.
 */
import { type Duplex, duplexPair, Writable } from 'node:stream';
import type { Clock } from '../lib/clock.ts';
import { type Reason, StatusError } from '../lib/status-error.ts';
import type {
  ContainerConfig,
  ContainerId,
  ContainerInput,
  ExecRequest,
  ExecSyncResult,
  Labels,
  Runtime,
  RuntimeContainer,
  RuntimeContainerStatus,
  RuntimeEvent,
  RuntimeStatus,
  Sandbox,
  SandboxConfig,
  SandboxId,
  SandboxStatus,
} from '../runtime/runtime.ts';
import { findBusyboxProgram, serverProgram } from './fake-runtime/busybox.ts';
import { EventFeed } from './fake-runtime/event-feed.ts';
import { FakeContainer } from './fake-runtime/fake-container.ts';
import { FakeImages } from './fake-runtime/fake-images.ts';
import { type FakeProgram, fakeSignalOf } from './fake-runtime/fake-process.ts';
import type { Faults } from './fake-runtime/faults.ts';

export interface FakeRuntimeOptions {
  readonly clock: Clock;
  /** Looked at before the built-in commands; `argv` is command and args, possibly empty. */
  readonly programs?: (image: string, argv: readonly string[]) => FakeProgram | undefined;
  /** Appends text in CRI's log format to a file; without it output goes to attached clients only. */
  readonly writeLog?: (path: string, text: string) => void;
  readonly images?: FakeImages;
}

interface FakeSandbox {
  readonly id: SandboxId;
  readonly config: SandboxConfig;
  readonly createdAtMs: number;
  readonly ip: string;
  readonly ports: Map<number, (connection: Duplex) => void>;
  ready: boolean;
}

export class FakeRuntime implements Runtime {
  readonly images: FakeImages;
  readonly faults: Faults;
  readonly #options: FakeRuntimeOptions;
  readonly #events = new EventFeed();
  readonly #sandboxes = new Map<SandboxId, FakeSandbox>();
  readonly #containers = new Map<ContainerId, FakeContainer>();
  #created = 0;

  constructor(options: FakeRuntimeOptions) {
    this.#options = options;
    this.images = options.images ?? new FakeImages();
    this.faults = this.images.faults;
  }

  /** The configuration a container was created with, for a test to look at. */
  containerConfig(id: ContainerId): ContainerConfig {
    return this.#container(id).config;
  }

  /** The configuration a sandbox was run with, for a test to look at. */
  sandboxConfig(id: SandboxId): SandboxConfig {
    return this.#sandbox(id).config;
  }

  /** The main process ends with this code, as by itself. */
  async endContainer(id: ContainerId, exitCode: number, reason?: string): Promise<void> {
    if (reason === 'OOMKilled') this.#events.publish({ type: 'oom', containerId: id });
    await this.#container(id).end(exitCode, reason);
  }

  /** The sandbox's own process dies; its containers go on. */
  killSandbox(id: SandboxId): void {
    this.#sandbox(id).ready = false;
    this.#events.publish({ type: 'exited', containerId: id, exitCode: 137 });
  }

  /** As after a power cut: every process is gone, records remain. */
  async reboot(): Promise<void> {
    for (const sandbox of this.#sandboxes.values()) sandbox.ready = false;
    for (const container of this.#containers.values()) await container.lose();
    this.loseEvents();
  }

  /** The event connection broke and came back. */
  loseEvents(): void {
    this.#events.publish({ type: 'lost' });
  }

  async version(signal: AbortSignal): Promise<{ readonly name: string; readonly version: string }> {
    await this.faults.pass('version', '', signal);
    return { name: 'fake', version: '1.0.0' };
  }

  async status(signal: AbortSignal): Promise<RuntimeStatus> {
    await this.faults.pass('status', '', signal);
    const ready = { ready: true, reason: '', message: '' };
    return { runtime: ready, network: ready };
  }

  async runSandbox(config: SandboxConfig, signal: AbortSignal): Promise<SandboxId> {
    await this.faults.pass('runSandbox', config.name, signal);
    if (config.runtimeHandler !== '') {
      throw new StatusError('Invalid', `no runtime for "${config.runtimeHandler}" is configured`);
    }
    for (const { id, config: other } of this.#sandboxes.values()) {
      const isSame =
        other.name === config.name &&
        other.namespace === config.namespace &&
        other.uid === config.uid &&
        other.attempt === config.attempt;
      if (isSame) throw reserved('sandbox', `${config.name}_${config.namespace}_${config.uid}_${config.attempt}`, id);
    }
    const id = this.#newId() as SandboxId;
    this.#sandboxes.set(id, {
      id,
      config,
      createdAtMs: this.#options.clock.now(),
      ip: config.namespaces.network === 'node' ? '' : `10.85.0.${(this.#created % 250) + 2}`,
      ports: new Map(),
      ready: true,
    });
    this.#events.publish({ type: 'started', containerId: id });
    return id;
  }

  async stopSandbox(id: SandboxId, signal: AbortSignal): Promise<void> {
    await this.faults.pass('stopSandbox', id, signal);
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox) return;
    for (const container of this.#containersOf(id)) {
      container.signal('SIGKILL');
      await container.exited;
    }
    if (!sandbox.ready) return;
    sandbox.ready = false;
    this.#events.publish({ type: 'exited', containerId: id, exitCode: 137 });
  }

  async removeSandbox(id: SandboxId, signal: AbortSignal): Promise<void> {
    await this.faults.pass('removeSandbox', id, signal);
    if (!this.#sandboxes.has(id)) return;
    for (const container of this.#containersOf(id)) await this.#remove(container);
    this.#sandboxes.delete(id);
    this.#events.publish({ type: 'deleted', containerId: id });
  }

  async listSandboxes(selector: Labels, signal: AbortSignal): Promise<readonly Sandbox[]> {
    await this.faults.pass('listSandboxes', '', signal);
    return [...this.#sandboxes.values()].filter(({ config }) => matches(config.labels, selector)).map(describeSandbox);
  }

  async sandboxStatus(id: SandboxId, signal: AbortSignal): Promise<SandboxStatus> {
    await this.faults.pass('sandboxStatus', id, signal);
    const sandbox = this.#sandbox(id);
    return { ...describeSandbox(sandbox), ips: sandbox.ip && sandbox.ready ? [sandbox.ip] : [] };
  }

  async createContainer(
    sandboxId: SandboxId,
    config: ContainerConfig,
    sandboxConfig: SandboxConfig,
    signal: AbortSignal,
  ): Promise<ContainerId> {
    await this.faults.pass('createContainer', config.name, signal);
    const sandbox = this.#sandbox(sandboxId);
    if (!sandbox.ready) throw new StatusError('NotFound', `sandbox ${sandboxId} is not running`);
    for (const container of this.#containersOf(sandboxId)) {
      if (container.config.name === config.name && container.config.attempt === config.attempt) {
        throw reserved('container', `${config.name}_${sandboxConfig.name}_${config.attempt}`, container.id);
      }
    }
    const image = this.images.find(config.image);
    if (!image) throw new StatusError('NotFound', `failed to resolve image "${config.image}": not found`);
    const { pidTarget } = config.security;
    const target = pidTarget && this.#containers.get(pidTarget);
    if (pidTarget !== undefined && target?.state !== 'Running') {
      throw new StatusError('InternalError', `invalid target container: container "${pidTarget}" is not running`);
    }
    const id = this.#newId() as ContainerId;
    const container = new FakeContainer({
      id,
      sandboxId,
      config,
      image,
      logPath: `${sandbox.config.logDirectory}/${config.logPath}`,
      clock: this.#options.clock,
      writeLog: this.#options.writeLog,
      listen: (port, accept) => {
        sandbox.ports.set(port, accept);
        container.exited.then(() => sandbox.ports.delete(port));
      },
      onExit: (exitCode) => this.#events.publish({ type: 'exited', containerId: id, exitCode }),
    });
    this.#containers.set(id, container);
    target?.exited.then(() => container.signal('SIGKILL'));
    return id;
  }

  async startContainer(id: ContainerId, signal: AbortSignal): Promise<void> {
    await this.faults.pass('startContainer', id, signal);
    const container = this.#container(id);
    if (container.state === 'Running') return;
    if (container.state !== 'Created') {
      throw new StatusError('InternalError', `failed to start container ${id}: container is not created`);
    }
    const argv = [...container.config.command, ...container.config.args];
    const program = this.#findProgram(container.config.image, argv);
    if (!program) {
      const message = startFailure('OCI runtime create failed: runc create failed', argv[0] ?? '');
      container.failStart(message);
      throw new StatusError('Invalid', message);
    }
    container.start(program);
    this.#events.publish({ type: 'started', containerId: id });
  }

  async stopContainer(id: ContainerId, graceSeconds: number, signal: AbortSignal): Promise<void> {
    await this.faults.pass('stopContainer', id, signal);
    const container = this.#containers.get(id);
    if (container?.state !== 'Running') return;
    if (graceSeconds > 0) {
      container.signal('SIGTERM');
      const graceOver = new AbortController();
      const grace = this.#options.clock.sleep(graceSeconds * 1000, AbortSignal.any([signal, graceOver.signal]));
      grace.catch(() => {});
      try {
        await Promise.race([container.exited, grace]);
      } finally {
        graceOver.abort();
      }
    }
    container.signal('SIGKILL');
    await container.exited;
  }

  async signalContainer(id: ContainerId, signalNumber: number, signal: AbortSignal): Promise<void> {
    await this.faults.pass('signalContainer', id, signal);
    const name = fakeSignalOf(signalNumber);
    if (this.#container(id).state !== 'Running') throw new StatusError('NotFound', 'process already finished');
    // Others have no effect on the programs that there are here.
    if (name) this.#container(id).signal(name);
  }

  async removeContainer(id: ContainerId, signal: AbortSignal): Promise<void> {
    await this.faults.pass('removeContainer', id, signal);
    const container = this.#containers.get(id);
    if (container) await this.#remove(container);
  }

  async listContainers(selector: Labels, signal: AbortSignal): Promise<readonly RuntimeContainer[]> {
    await this.faults.pass('listContainers', '', signal);
    return [...this.#containers.values()]
      .filter((container) => matches(container.config.labels, selector))
      .map((container) => container.summary);
  }

  async containerStatus(id: ContainerId, signal: AbortSignal): Promise<RuntimeContainerStatus> {
    await this.faults.pass('containerStatus', id, signal);
    return this.#container(id).status;
  }

  async writableLayerBytes(id: ContainerId, signal: AbortSignal): Promise<number> {
    await this.faults.pass('writableLayerBytes', id, signal);
    this.#container(id);
    return 0;
  }

  async reopenContainerLog(id: ContainerId, signal: AbortSignal): Promise<void> {
    await this.faults.pass('reopenContainerLog', id, signal);
    this.#running(id);
  }

  async execSync(
    id: ContainerId,
    command: readonly string[],
    timeoutSeconds: number,
    signal: AbortSignal,
  ): Promise<ExecSyncResult> {
    await this.faults.pass('execSync', id, signal);
    const stdout = new Collector();
    const stderr = new Collector();
    const tooLong = new StatusError(
      'Timeout',
      `command ${JSON.stringify(command)} timed out: timeout ${timeoutSeconds}s exceeded`,
    );
    const deadline = new AbortController();
    const finished = new AbortController();
    if (timeoutSeconds > 0) {
      const wait = this.#options.clock.sleep(timeoutSeconds * 1000, finished.signal);
      wait.then(
        () => deadline.abort(tooLong),
        () => {},
      );
    }
    const request = { command, tty: false, stdin: undefined, stdout, stderr, resize: noSizes() };
    try {
      const exitCode = await this.#exec(id, request, AbortSignal.any([signal, deadline.signal]), 'Invalid');
      return { stdout: stdout.bytes, stderr: stderr.bytes, exitCode };
    } finally {
      finished.abort();
    }
  }

  async exec(id: ContainerId, request: ExecRequest, signal: AbortSignal): Promise<number> {
    await this.faults.pass('exec', id, signal);
    return this.#exec(id, request, signal, 'InternalError');
  }

  async attach(id: ContainerId, request: Omit<ExecRequest, 'command'>, signal: AbortSignal): Promise<void> {
    await this.faults.pass('attach', id, signal);
    const container = this.#running(id);
    if (request.stdin && !container.config.stdin) {
      throw new StatusError('Invalid', `container ${id} has no stdin to attach to`);
    }
    await container.attach(request, signal);
  }

  async openInput(id: ContainerId, signal: AbortSignal): Promise<ContainerInput> {
    await this.faults.pass('openInput', id, signal);
    const container = this.#containers.get(id);
    if (container?.state !== 'Running') throw new StatusError('NotFound', `container ${id} does not run`);
    if (!container.config.stdin) throw new StatusError('Invalid', `container ${id} has no stdin`);
    return container.input;
  }

  async portForward(id: SandboxId, port: number, signal: AbortSignal): Promise<Duplex> {
    await this.faults.pass('portForward', id, signal);
    const accept = this.#sandbox(id).ports.get(port);
    if (!accept) {
      throw new StatusError(
        'ServiceUnavailable',
        `failed to connect to localhost:${port} inside namespace of ${id}: connection refused`,
      );
    }
    const [ours, theirs] = duplexPair();
    accept(theirs);
    signal.addEventListener('abort', () => ours.destroy(), { once: true });
    return ours;
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.#events.subscribe(signal);
  }

  async #exec(id: ContainerId, request: ExecRequest, signal: AbortSignal, startReason: Reason): Promise<number> {
    const container = this.#running(id);
    const program = this.#findProgram(container.config.image, request.command);
    if (!program || request.command.length === 0) {
      throw new StatusError(
        startReason,
        startFailure('OCI runtime exec failed: exec failed', request.command[0] ?? ''),
      );
    }
    return container.exec(program, request, signal);
  }

  async #remove(container: FakeContainer): Promise<void> {
    container.signal('SIGKILL');
    await container.exited;
    this.#containers.delete(container.id);
    this.#events.publish({ type: 'deleted', containerId: container.id });
  }

  #findProgram(image: string, argv: readonly string[]): FakeProgram | undefined {
    const own = this.#options.programs?.(image, argv);
    if (own) return own;
    return argv.length === 0 ? serverProgram : findBusyboxProgram(argv);
  }

  #containersOf(id: SandboxId): FakeContainer[] {
    return [...this.#containers.values()].filter((container) => container.sandboxId === id);
  }

  #sandbox(id: SandboxId): FakeSandbox {
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox) throw new StatusError('NotFound', `sandbox ${id} not found`);
    return sandbox;
  }

  #container(id: ContainerId): FakeContainer {
    const container = this.#containers.get(id);
    if (!container) throw new StatusError('NotFound', `container ${id} not found`);
    return container;
  }

  #running(id: ContainerId): FakeContainer {
    const container = this.#container(id);
    if (container.state !== 'Running') throw new StatusError('InternalError', `container ${id} is not running`);
    return container;
  }

  #newId(): string {
    this.#created += 1;
    return this.#created.toString(16).padStart(64, '0');
  }
}

/** Keeps what is written to it. */
class Collector extends Writable {
  readonly #chunks: Buffer[] = [];

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.#chunks.push(chunk);
    callback();
  }
}

async function* noSizes(): AsyncGenerator<never> {}

function describeSandbox({ id, config, ready, createdAtMs }: FakeSandbox): Sandbox {
  const { name, namespace, uid, attempt, labels, annotations } = config;
  return { id, name, namespace, uid, attempt, ready, createdAtMs, labels, annotations };
}

function matches(labels: Labels, selector: Labels): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value);
}

function reserved(what: string, name: string, id: string): StatusError {
  return new StatusError(
    'AlreadyExists',
    `failed to reserve ${what} name "${name}": name "${name}" is reserved for "${id}"`,
    {
      details: { name, uid: id },
    },
  );
}

function startFailure(prefix: string, command: string): string {
  const why = command.startsWith('/')
    ? `stat ${command}: no such file or directory`
    : 'executable file not found in $PATH';
  return `${prefix}: unable to start container process: exec: "${command}": ${why}: unknown`;
}
