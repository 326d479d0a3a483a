/** `eliotd reset`: takes one instance away with everything it ran and wrote, and touches nothing else. */
import { createCgroups } from '../host/cgroups.ts';
import { createFiles } from '../host/files.ts';
import { createMounts, unmountBelow } from '../host/mounts.ts';
import { runChild } from '../host/run-child.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { openForeignContainerd } from '../runtime/containerd/foreign.ts';
import { createManagedContainerd } from '../runtime/containerd/managed/create-managed.ts';
import { layoutOf } from '../runtime/containerd/managed/layout.ts';
import { readPauseImage } from '../runtime/containerd/pause-program.ts';
import { lockDataDir } from '../store/data-dir-lock.ts';
import { readDeviceIdentity } from './device-identity.ts';
import { createIdentityFiles } from './identity-files.ts';
import { readInstanceRecord } from './instance-record.ts';
import { runtimeLabels } from './runtime-labels.ts';
import type { LoadedSettings } from './settings/load-settings.ts';

export interface ResetOptions {
  readonly settings: LoadedSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** Directory of what is shipped beside the program: the sandbox image. */
  readonly assets: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Repeatable: a reset that was interrupted goes on where it stopped; one of an instance that is not there does nothing.
 *
 * @throws Error when an eliotd still runs on the data directory, or when something cannot be removed
 */
export async function resetDevice(options: ResetOptions, signal: AbortSignal): Promise<void> {
  const { settings, clock, log, assets, env } = options;
  const { dataDir, runDir } = settings;
  const files = createFiles();
  if ((await files.info(dataDir)) !== undefined) {
    const lock = lockDataDir(dataDir);
    try {
      const identityFiles = createIdentityFiles(files);
      const { containerd, podCidr, bridge } = (await readInstanceRecord(dataDir, identityFiles)) ?? settings;
      if (containerd !== 'managed') {
        const { instanceId } = await readDeviceIdentity(dataDir, identityFiles);
        await removeForeignPods({ ...options, containerd, instanceId }, signal);
      }
      const pause = await readPauseImage(assets);
      const managed = createManagedContainerd({ clock, log, dataDir, runDir, podCidr, bridge, pause, env });
      await managed.reset(signal);
    } finally {
      lock.release();
    }
  }
  await unmountBelow(createMounts(runChild), [dataDir, runDir], signal);
  await files.remove(dataDir);
  await files.remove(runDir);
}

/** Takes away this instance's sandboxes, and no others, from a containerd that goes on for somebody else. */
async function removeForeignPods(
  options: ResetOptions & { readonly containerd: string; readonly instanceId: string },
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, containerd, instanceId, settings } = options;
  const { fifoDirectory } = layoutOf(settings);
  const foreign = await openForeignContainerd({ clock, log, socketPath: containerd, fifoDirectory }, signal);
  try {
    const { runtime } = foreign;
    for (const { id } of await runtime.listSandboxes({ [runtimeLabels.instance]: instanceId }, signal)) {
      await runtime.stopSandbox(id, signal);
      await runtime.removeSandbox(id, signal);
    }
    await (await createCgroups()).remove(`/eliot-${instanceId}`);
  } finally {
    foreign.close();
  }
}
