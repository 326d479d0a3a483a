/**
 * Sets the volumes of pods up, keeps those made from API data current, and removes them.
 *
 * Every method may be repeated and interrupted at any point. Secrets never reach the disk: when the
 * run directory is not on tmpfs, each gets a tmpfs of its own.
 */
import type { Pod, Volume } from '../../api/kinds/pod/types.ts';
import type { Files } from '../../host/files.ts';
import type { Clock } from '../../lib/clock.ts';
import { writeAtomically } from './atomic-writer.ts';
import { checkHostPath } from './host-path.ts';
import { memorySizeOf } from './memory-size.ts';
import { SetUpError } from './volume-error.ts';
import { isApiVolume, isInMemory, type VolumeLayout, volumeNamed, volumeSource } from './volume-layout.ts';
import { type PayloadSources, volumePayload } from './volume-payload.ts';

/** What volumes need of the machine's mount table. */
export interface VolumeMounts {
  isMountPoint(path: string): Promise<boolean>;
  /** @param sizeBytes undefined: the kernel's default, half of the memory */
  mountTmpfs(path: string, options: { readonly sizeBytes: number | undefined; readonly mode: number }): Promise<void>;
  /** Unmounts everything at and below `path`, deepest first. Fine when there is nothing. */
  unmountBelow(path: string): Promise<void>;
  isOnTmpfs(path: string): Promise<boolean>;
  /** Binds what `subPath` names inside of a volume to `target`. Throws when that would lead out of the volume. */
  bindInside(volumePath: string, subPath: string, target: string): Promise<void>;
}

export interface VolumeManagerDeps {
  readonly files: Files;
  readonly mounts: VolumeMounts;
  readonly layout: VolumeLayout;
  readonly sources: PayloadSources;
  readonly clock: Clock;
  /** What all pods may use together. */
  readonly memoryBytes: number;
}

export class VolumeManager {
  readonly #deps: VolumeManagerDeps;

  constructor(deps: VolumeManagerDeps) {
    this.#deps = deps;
  }

  /** @throws SetUpError whose message is that of the kubelet's FailedMount event */
  async setUp(pod: Pod): Promise<void> {
    for (const volume of pod.spec.volumes ?? []) await this.#named(volume, () => this.#setUpVolume(pod, volume));
  }

  /** Brings files up to date whose source changed, in a pod that runs. */
  async refresh(pod: Pod): Promise<void> {
    const volumes = (pod.spec.volumes ?? []).filter(isApiVolume);
    for (const volume of volumes) await this.#named(volume, () => this.#setUpVolume(pod, volume));
  }

  /** Removes everything that belongs to the pod's volumes, mounts included. */
  async tearDown(uid: string): Promise<void> {
    const { files, mounts, layout } = this.#deps;
    for (const directory of [layout.podRunDirectory(uid), layout.podDataDirectory(uid)]) {
      if ((await files.info(directory)) === undefined) continue;
      await mounts.unmountBelow(directory);
      await files.remove(`${directory}/volumes`);
    }
    await files.remove(layout.subPathDirectory(uid));
  }

  /**
   * Host path behind a mount of a container. A sub-path is bound to a place of our own first: the runtime looks paths up
   * by name, and the volume's content belongs to containers. It stays what it was when its volume is rewritten later.
   *
   * @param place tells the mounts of a pod apart: container, and number of the mount in it
   */
  async mountSource(pod: Pod, volumeName: string, subPath: string, place: string): Promise<string> {
    const { layout, mounts } = this.#deps;
    const volume = volumeNamed(pod, volumeName);
    const path = volume && layout.path(pod.metadata.uid ?? '', volume);
    if (path === undefined) throw new SetUpError(`volume "${volumeName}" has no path on the device`);
    if (subPath === '') return path;
    const target = `${layout.subPathDirectory(pod.metadata.uid ?? '')}/${volumeName}/${place}`;
    await mounts.bindInside(path, subPath, target);
    return target;
  }

  async #named(volume: Volume, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SetUpError(`MountVolume.SetUp failed for volume "${volume.name}" : ${reason}`, { cause });
    }
  }

  async #setUpVolume(pod: Pod, volume: Volume): Promise<void> {
    const { files, layout, memoryBytes } = this.#deps;
    const source = volumeSource(volume);
    const path = layout.path(pod.metadata.uid ?? '', volume);
    if (path === undefined) throw new SetUpError(`volume source ${source} is not supported by Eliot`);
    if (volume.hostPath) return await checkHostPath(volume.hostPath, files);
    const groupId = pod.spec.securityContext?.fsGroup;
    if (isApiVolume(volume)) return await this.#setUpFiles(pod, volume, path, groupId);

    if ((await files.info(path)) === undefined) await files.makeDirectory(path, 0o777);
    if (isInMemory(volume)) await this.#mountTmpfs(path, memorySizeOf(pod, volume, memoryBytes), 0o777);
    if (groupId !== undefined && (await files.info(path))?.gid !== groupId) {
      await files.chown(path, undefined, groupId);
      // Group members may write, and what is made inside belongs to the group (kubelet: SetVolumeOwnership).
      await files.chmod(path, 0o2777);
    }
  }

  async #setUpFiles(pod: Pod, volume: Volume, path: string, groupId: number | undefined): Promise<void> {
    const { files, mounts, sources, clock, layout } = this.#deps;
    const payload = volumePayload(pod, volume, sources);
    await files.makeDirectory(path, 0o755);
    const holdsSecrets = volume.secret !== undefined || volume.projected !== undefined;
    if (holdsSecrets && !(await mounts.isOnTmpfs(layout.podRunDirectory(pod.metadata.uid ?? '')))) {
      await this.#mountTmpfs(path, undefined, 0o755);
    }
    await writeAtomically(files, path, payload, groupId, clock.now());
  }

  async #mountTmpfs(path: string, sizeBytes: number | undefined, mode: number): Promise<void> {
    if (await this.#deps.mounts.isMountPoint(path)) return;
    await this.#deps.mounts.mountTmpfs(path, { sizeBytes, mode });
  }
}
