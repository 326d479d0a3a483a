/**
 * `eliotd reset` takes one instance away with everything it ran and wrote; `eliotd stop` takes away what it runs, as the
 * end of a boot would. Neither touches anything else.
 */
import { join } from 'node:path';
import { createCgroups } from '../host/cgroups.ts';
import { createFiles } from '../host/files.ts';
import { createMounts, unmountBelow } from '../host/mounts.ts';
import { runChild } from '../host/run-child.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { StatusError } from '../lib/status-error.ts';
import { openForeignContainerd } from '../runtime/containerd/foreign.ts';
import { createManagedContainerd } from '../runtime/containerd/managed/create-managed.ts';
import { layoutOf } from '../runtime/containerd/managed/layout.ts';
import type { ResetScope } from '../runtime/containerd/managed/reset.ts';
import { readPauseImage } from '../runtime/containerd/pause-program.ts';
import { lockDataDir } from '../store/data-dir-lock.ts';
import { readDeviceIdentity } from './device-identity.ts';
import { createIdentityFiles } from './identity-files.ts';
import { readInstanceRecord } from './instance-record.ts';
import { podCgroupRoot } from './pod-cgroups.ts';
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

/** What eliotd and its containerd make in the data directory; the two files that name the instance go last. */
const inDataDir = /^(admin\.kubeconfig|audit|containerd|eliot\.db.*|lock.*|logs|machine\.json|pki|pods|seccomp)$/;
const instanceFiles = /^(instance-id|instance\.json)$/;
/** What they make in the run directory. */
const inRunDir = /^(audit|cni|containerd|eliotd\.sock|logs|pods|volatile\.db.*)$/;
/** In the data directory: the mounts of the pods' volumes are below it. */
const podVolumes = 'pods';

/** What containers get to end when the device's owner stops them all; docker stop's default. */
const stopGraceSeconds = 10;

/**
 * Repeatable: a reset that was interrupted goes on where it stopped; one of an instance that is not there does nothing.
 * Only what an instance makes is removed from its directories; they go when nothing else is in them.
 *
 * @throws StatusError `Invalid` when the data directory is not an instance's, or names another run directory
 * @throws Error when an eliotd still runs on the data directory, or when something cannot be removed
 */
export async function resetDevice(options: ResetOptions, signal: AbortSignal): Promise<void> {
  const { dataDir, runDir } = options.settings;
  if (!(await takeDown(options, { keepsRoot: false, graceSeconds: 0 }, signal))) return;
  await removeEntries(runDir, inRunDir, signal);
  await removeEntries(dataDir, inDataDir, signal);
  await removeEntries(dataDir, instanceFiles, signal);
}

/**
 * Stops the pods and the containerd of an instance; the next start finds what a reboot would have left, and runs the pods
 * again. Repeatable, and does nothing when there is no instance.
 *
 * @throws StatusError, Error as `resetDevice`
 */
export async function stopDevice(options: ResetOptions, signal: AbortSignal): Promise<void> {
  const { dataDir, runDir } = options.settings;
  if (!(await takeDown(options, { keepsRoot: true, graceSeconds: stopGraceSeconds }, signal))) return;
  await removeEntries(runDir, inRunDir, signal);
  await unmountBelow(createMounts(runChild), [join(dataDir, podVolumes)], signal);
}

/** Ends all that runs of an instance. @returns whether there is one */
async function takeDown(options: ResetOptions, scope: ResetScope, signal: AbortSignal): Promise<boolean> {
  const { settings, clock, log, assets, env } = options;
  const { dataDir, runDir } = settings;
  const files = createFiles();
  const identityFiles = createIdentityFiles(files);
  const names = await files.list(dataDir);
  if (names === undefined || names.length === 0) return false;
  const record = await readInstanceRecord(dataDir, identityFiles);
  if (record === undefined) {
    // An instance that never got so far as to run anything.
    if (scope.keepsRoot) return false;
    throw new StatusError('Invalid', `${dataDir} holds no Eliot instance; nothing was removed`);
  }
  if (record.runDir !== runDir) {
    throw new StatusError(
      'Invalid',
      `the instance in ${dataDir} runs in ${record.runDir}: give --run-dir ${record.runDir}`,
    );
  }
  const lock = lockDataDir(dataDir);
  try {
    const { containerd, podCidr, bridge } = record;
    const { instanceId } = await readDeviceIdentity(dataDir, identityFiles);
    if (containerd !== 'managed') {
      await removeForeignPods({ ...options, containerd, instanceId }, signal);
    }
    const pause = await readPauseImage(assets);
    const managed = createManagedContainerd({ clock, log, dataDir, runDir, podCidr, bridge, pause, env });
    await managed.reset(scope, signal);
    await (await createCgroups()).remove(podCgroupRoot(instanceId));
  } finally {
    lock.release();
  }
  return true;
}

/** Removes what matches, mounts included, and the directory itself when it is empty then. */
async function removeEntries(directory: string, pattern: RegExp, signal: AbortSignal): Promise<void> {
  const files = createFiles();
  const names = (await files.list(directory)) ?? [];
  const ours = names.filter((name) => pattern.test(name)).map((name) => join(directory, name));
  await unmountBelow(createMounts(runChild), ours, signal);
  for (const path of ours) await files.remove(path);
  if ((await files.list(directory))?.length !== 0) return;
  try {
    await files.remove(directory);
  } catch (error) {
    // A partition is mounted here; it is not ours to take away.
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
  }
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
  } finally {
    foreign.close();
  }
}
