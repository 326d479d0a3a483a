/**
 * What every `Runtime` must do. Call it once per implementation, from that implementation's test.
 *
 * Commands are busybox's, see `fake-runtime/busybox.ts`. Every test has sandboxes of its own, named by a
 * counter, and removes them; one runtime serves all tests of the suite.
 */
import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { after, before, describe } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isStatusError } from '../lib/status-error.ts';
import type {
  ContainerConfig,
  ContainerId,
  Images,
  Labels,
  Runtime,
  SandboxConfig,
  SandboxId,
} from '../runtime/runtime.ts';
import { containerConfig, sandboxConfig } from './runtime-fixtures.ts';
import { describeContainers } from './runtime-suite/containers.ts';
import { describeEvents } from './runtime-suite/events.ts';
import { describeExec } from './runtime-suite/exec.ts';
import { describeImages } from './runtime-suite/images.ts';
import { describeSandboxes } from './runtime-suite/sandboxes.ts';
import { describeStreams } from './runtime-suite/streams.ts';

export interface RuntimeUnderTest {
  readonly runtime: Runtime;
  readonly images: Images;
  /** An image on the device that holds busybox in /bin, and no entry point. */
  readonly image: string;
  /** A directory for log files. */
  readonly logDirectory: string;
  /** Path of the cgroup below which pods are put. */
  readonly cgroupParent: string;
  /** Whether sandboxes get a network of their own (a CNI configuration is there). */
  readonly hasPodNetwork: boolean;
  readonly close: () => Promise<void>;
}

/** The runtime and what the tests of the suite share. */
export class SuiteContext {
  readonly signal = AbortSignal.timeout(120_000);
  /** Marks everything this run makes. */
  readonly labels: Labels = { 'run.eliot.instance': `suite-${randomUUID()}` };
  readonly #sandboxes: SandboxId[] = [];
  #opened: RuntimeUnderTest | undefined;

  get opened(): RuntimeUnderTest {
    assert.ok(this.#opened, 'the runtime is open while tests run');
    return this.#opened;
  }

  set opened(opened: RuntimeUnderTest) {
    this.#opened = opened;
  }

  get runtime(): Runtime {
    return this.opened.runtime;
  }

  sandboxConfig(overrides: Partial<SandboxConfig> = {}): SandboxConfig {
    const uid = randomUUID();
    return sandboxConfig({
      name: `suite-${uid.slice(0, 8)}`,
      uid,
      labels: this.labels,
      logDirectory: `${this.opened.logDirectory}/${uid}`,
      cgroupParent: `${this.opened.cgroupParent}/pod${uid}`,
      ...overrides,
    });
  }

  /** A running sandbox, removed after the suite. */
  async sandbox(overrides: Partial<SandboxConfig> = {}): Promise<{ id: SandboxId; config: SandboxConfig }> {
    const config = this.sandboxConfig(overrides);
    const id = await this.runtime.runSandbox(config, this.signal);
    this.#sandboxes.push(id);
    return { id, config };
  }

  containerConfig(overrides: Partial<ContainerConfig> = {}): ContainerConfig {
    return containerConfig({ image: this.opened.image, labels: this.labels, ...overrides });
  }

  /** A started container in a sandbox of its own. */
  async container(
    overrides: Partial<ContainerConfig> = {},
    sandboxOverrides: Partial<SandboxConfig> = {},
  ): Promise<{ id: ContainerId; sandbox: SandboxId }> {
    const sandbox = await this.sandbox(sandboxOverrides);
    const id = await this.runtime.createContainer(
      sandbox.id,
      this.containerConfig(overrides),
      sandbox.config,
      this.signal,
    );
    await this.runtime.startContainer(id, this.signal);
    return { id, sandbox: sandbox.id };
  }

  /** Looks again until the container has ended; the runtime may say so a moment after its event. */
  async ended(id: ContainerId): ReturnType<Runtime['containerStatus']> {
    for (;;) {
      const status = await this.runtime.containerStatus(id, this.signal);
      if (status.state === 'Exited') return status;
      await nextTurn();
    }
  }

  /** Waits until the container's first process has had time to begin: a command ran in it. */
  async answers(id: ContainerId): Promise<void> {
    // Five commands take a real runtime 0.1 s; a shell sets its trap in 2 ms.
    for (let turn = 0; turn < 5; turn += 1) await this.runtime.execSync(id, ['true'], 10, this.signal);
  }

  /** A connection to an echo server that has just started and may not listen yet. */
  async connect(id: ContainerId, sandbox: SandboxId, port: number): Promise<Duplex> {
    for (;;) {
      try {
        const connection = await this.runtime.portForward(sandbox, port, this.signal);
        connection.write('?');
        await once(connection, 'data');
        connection.pause();
        return connection;
      } catch (error) {
        if (!isStatusError(error, 'ServiceUnavailable')) throw error;
        await nextTurn();
        await this.answers(id);
      }
    }
  }

  /** A port that hardly anybody else uses. */
  freePort(): number {
    return randomInt(20_000, 30_000);
  }

  async close(): Promise<void> {
    for (const id of this.#sandboxes) {
      await this.runtime.stopSandbox(id, this.signal);
      await this.runtime.removeSandbox(id, this.signal);
    }
    await this.opened.close();
  }
}

/** Runs the specification against what `open` gives. */
export function runtimeSuite(name: string, open: () => Promise<RuntimeUnderTest>): void {
  describe(`${name} is a Runtime`, () => {
    const context = new SuiteContext();
    before(async () => {
      context.opened = await open();
    });
    after(async () => context.close());

    describeSandboxes(context);
    describeContainers(context);
    describeExec(context);
    describeStreams(context);
    describeEvents(context);
    describeImages(context);
  });
}
