/** A containerd of its own with a busybox image, for tests of what runs in containers. */
import { Readable } from 'node:stream';
import { makeBusyboxImage } from '../../scripts/busybox-image.ts';
import type { ManagedRuntime } from '../../src/runtime/containerd/managed/create-managed.ts';
import { createInstance } from '../integration/containerd/instance.ts';

export const busyboxImage = 'eliot.test/busybox:1';

export interface TestContainerd {
  readonly managed: ManagedRuntime;
  readonly fifoDirectory: string;
  readonly logDirectory: string;
  /** Path of the cgroup below which pods are put. */
  readonly cgroupParent: string;
  /** Stops everything that runs in it and removes every trace. */
  readonly close: () => Promise<void>;
}

export async function openTestContainerd(): Promise<TestContainerd> {
  const instance = await createInstance();
  const { managed, layout, directory, cgroup } = instance;
  const close = (): Promise<void> => instance.remove();
  try {
    const signal = AbortSignal.timeout(60_000);
    await managed.start(signal);
    const archive = await makeBusyboxImage({ name: busyboxImage });
    await managed.images.importArchive(Readable.from([archive]), signal);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    managed,
    fifoDirectory: layout.fifoDirectory,
    logDirectory: `${directory}/logs`,
    cgroupParent: `/${cgroup}`,
    close,
  };
}
