/** A managed containerd of its own for a test: own directories, bridge and pod network, gone without a trace after. */
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createCgroups } from '../../../src/host/cgroups.ts';
import { createSystemClock } from '../../../src/lib/clock.ts';
import { type Logger, silentLogger } from '../../../src/lib/logger.ts';
import { holdProgramIn } from '../../../src/runtime/containerd/hold/held-container.ts';
import {
  createManagedContainerd,
  type ManagedRuntime,
} from '../../../src/runtime/containerd/managed/create-managed.ts';
import { layoutOf, type ManagedLayout } from '../../../src/runtime/containerd/managed/layout.ts';
import { readPauseImage } from '../../../src/runtime/containerd/pause-program.ts';

export interface Instance {
  readonly directory: string;
  readonly layout: ManagedLayout;
  readonly podCidr: string;
  readonly bridge: string;
  /** Name of the cgroup below which tests put their pods. */
  readonly cgroup: string;
  readonly managed: ManagedRuntime;
  /** Another eliotd on the same directories. */
  again(): Promise<ManagedRuntime>;
  /** Takes everything away, also when the test failed half-way. */
  remove(): Promise<void>;
}

export interface InstanceOptions {
  readonly log?: Logger;
  readonly pullStallTimeoutMs?: number;
}

/** Builds an instance; nothing is started. */
export async function createInstance(options: InstanceOptions = {}): Promise<Instance> {
  const directory = await mkdtemp(join(tmpdir(), 'eliot-containerd-'));
  const directories = { dataDir: join(directory, 'data'), runDir: join(directory, 'run') };
  const number = randomInt(1, 250);
  const podCidr = `10.214.${number}.0/24`;
  const bridge = `elt${directory
    .slice(-6)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, 'x')}`;
  const assets = resolve(import.meta.dirname, '../../../assets');
  const pause = await readPauseImage(assets);
  const create = (): ManagedRuntime =>
    createManagedContainerd({
      clock: createSystemClock(),
      log: options.log ?? silentLogger,
      ...directories,
      podCidr,
      bridge,
      pause,
      holdProgram: holdProgramIn(assets),
      env: process.env,
      ...(options.pullStallTimeoutMs === undefined ? {} : { pullStallTimeoutMs: options.pullStallTimeoutMs }),
    });
  const opened = [create()];
  const [managed] = opened;
  if (managed === undefined) throw new Error('unreachable');
  const layout = layoutOf(directories);
  const cgroup = `eliot-test-${layout.instance}`;
  return {
    directory,
    layout,
    cgroup,
    podCidr,
    bridge,
    managed,
    again: async () => {
      const other = create();
      opened.push(other);
      return other;
    },
    remove: async () => {
      for (const runtime of opened) runtime.close();
      await create().reset({ keepsRoot: false, graceSeconds: 0 }, AbortSignal.timeout(120_000));
      // Control groups are their maker's to remove, which here is the test.
      await (await createCgroups()).remove(`/${cgroup}`);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
