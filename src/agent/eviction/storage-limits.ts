/** Whether a pod has outgrown the room on disk that it was given (kubelet's local storage eviction). Pure. */
import { amountOf, podLimits } from '../../api/kinds/pod/requests.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { isInMemory, volumeSource } from '../volumes/volume-layout.ts';
import { containerStorageMessage, emptyDirMessage, podStorageMessage } from './eviction-message.ts';

/** Bytes on disk. */
export interface PodDiskUse {
  /** By container: its own files and its logs. */
  readonly containers: ReadonlyMap<string, number>;
  /** By volume, for emptyDirs on disk. */
  readonly emptyDirs: ReadonlyMap<string, number>;
}

const storage = 'ephemeral-storage';

/** Whether it has any limit on disk at all; only then its use is worth looking at. */
export function hasStorageLimit(pod: Pod): boolean {
  return podLimits(pod).has(storage) || diskEmptyDirs(pod).some(({ emptyDir }) => limitOf(emptyDir?.sizeLimit) > 0);
}

/** EmptyDirs that are on disk; those in memory are limited by their own file system. */
export function diskEmptyDirs(pod: Pod): NonNullable<Pod['spec']['volumes']> {
  return (pod.spec.volumes ?? []).filter((volume) => volumeSource(volume) === 'emptyDir' && !isInMemory(volume));
}

/** Why the pod must go; undefined when it keeps within its limits. */
export function exceededLimit(pod: Pod, use: PodDiskUse): string | undefined {
  for (const { name, emptyDir } of diskEmptyDirs(pod)) {
    const limit = limitOf(emptyDir?.sizeLimit);
    if (limit > 0 && (use.emptyDirs.get(name) ?? 0) > limit) return emptyDirMessage(name, emptyDir?.sizeLimit ?? '');
  }
  const podLimit = podLimits(pod).get(storage) ?? 0;
  const all = [...use.containers.values(), ...use.emptyDirs.values()].reduce((sum, bytes) => sum + bytes, 0);
  const isEachLimited = pod.spec.containers.every(({ resources }) => resources?.limits?.[storage] !== undefined);
  if (podLimit > 0 && isEachLimited && all > podLimit) return podStorageMessage(podLimit);
  for (const { name, resources } of pod.spec.containers) {
    const limit = resources?.limits?.[storage];
    if (limitOf(limit) > 0 && (use.containers.get(name) ?? 0) > limitOf(limit)) {
      return containerStorageMessage(name, limit ?? '');
    }
  }
  return undefined;
}

function limitOf(quantity: string | undefined): number {
  return quantity === undefined ? 0 : amountOf(storage, quantity);
}
