/** `eliotd reset`: takes one instance away with everything it ran and wrote, and touches nothing else. */
import { createFiles } from '../host/files.ts';
import { createMounts, unmountBelow } from '../host/mounts.ts';
import { runChild } from '../host/run-child.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { createManagedContainerd } from '../runtime/containerd/managed/create-managed.ts';
import type { PauseImage } from '../runtime/containerd/pause-image.ts';
import { lockDataDir } from '../store/data-dir-lock.ts';
import { createIdentityFiles } from './identity-files.ts';
import { readInstanceRecord } from './instance-record.ts';
import type { LoadedSettings } from './settings/load-settings.ts';

export interface ResetOptions {
  readonly settings: LoadedSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pause: PauseImage;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Repeatable: a reset that was interrupted goes on where it stopped; one of an instance that is not there does nothing.
 *
 * @throws Error when an eliotd still runs on the data directory, or when something cannot be removed
 */
export async function resetDevice(options: ResetOptions, signal: AbortSignal): Promise<void> {
  const { settings, clock, log, pause, env } = options;
  const { dataDir, runDir } = settings;
  const files = createFiles();
  if ((await files.info(dataDir)) !== undefined) {
    const lock = lockDataDir(dataDir);
    try {
      const record = (await readInstanceRecord(dataDir, createIdentityFiles(files))) ?? settings;
      const { podCidr, bridge } = record;
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
