/** A managed containerd with a busybox image, in directories of its own, for tests of the runtime adapter. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { makeBusyboxImage } from '../../scripts/busybox-image.ts';
import { createSystemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { createManagedContainerd, type ManagedRuntime } from '../../src/runtime/containerd/managed/create-managed.ts';
import { layoutOf } from '../../src/runtime/containerd/managed/layout.ts';

export const busyboxImage = 'eliot.test/busybox:1';

export interface TestContainerd {
  readonly managed: ManagedRuntime;
  readonly fifoDirectory: string;
  readonly logDirectory: string;
  /** Stops everything that runs in it and removes every trace. */
  readonly close: () => Promise<void>;
}

/** @param network a number of 0 to 99 that no other test uses at the same time; it names the bridge and the pod network */
export async function openTestContainerd(network: number): Promise<TestContainerd> {
  const directory = await mkdtemp(join(tmpdir(), 'eliot-containerd-'));
  const directories = { dataDir: join(directory, 'data'), runDir: join(directory, 'run') };
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const managed = createManagedContainerd({
    ...directories,
    clock: createSystemClock(),
    log: silentLogger,
    podCidr: `10.${100 + network}.0.0/16`,
    bridge: `elt${network}`,
    pause: {
      architecture,
      program: await readFile(join(import.meta.dirname, `../../assets/pause/pause-${architecture}`)),
    },
    env: process.env,
  });
  const signal = AbortSignal.timeout(60_000);
  await managed.start(signal);
  const archive = await makeBusyboxImage({ name: busyboxImage });
  await managed.images.importArchive(Readable.from([archive]), signal);
  return {
    managed,
    fifoDirectory: layoutOf(directories).fifoDirectory,
    logDirectory: join(directory, 'logs'),
    close: async () => {
      await managed.reset(AbortSignal.timeout(60_000));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
