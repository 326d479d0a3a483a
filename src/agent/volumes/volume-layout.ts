/**
 * Where the volumes of a pod stand. Only a disk-backed emptyDir is on flash; what is made from API data
 * (Secrets above all) and what is asked to be in memory stands below the run directory.
 */
import type { Pod, Volume } from '../../api/kinds/pod/types.ts';

export interface VolumeDirs {
  readonly dataDir: string;
  readonly runDir: string;
}

export class VolumeLayout {
  readonly #dirs: VolumeDirs;

  constructor(dirs: VolumeDirs) {
    this.#dirs = dirs;
  }

  /** A pod's directory on disk. */
  podDataDirectory(uid: string): string {
    return `${this.#dirs.dataDir}/pods/${uid}`;
  }

  /** A pod's directory that ends with the boot. */
  podRunDirectory(uid: string): string {
    return `${this.#dirs.runDir}/pods/${uid}`;
  }

  /** Where the sub-paths that containers mount are bound to, below the run directory. */
  subPathDirectory(uid: string): string {
    return `${this.podRunDirectory(uid)}/volume-subpaths`;
  }

  /** Host path of a volume; undefined for a source that is not supported. */
  path(uid: string, volume: Volume): string | undefined {
    const source = volumeSource(volume);
    switch (source) {
      case 'hostPath':
        return volume.hostPath?.path;
      case 'emptyDir': {
        const root = isInMemory(volume) ? this.podRunDirectory(uid) : this.podDataDirectory(uid);
        return `${root}/volumes/kubernetes.io~empty-dir/${volume.name}`;
      }
      case 'configMap':
        return `${this.podRunDirectory(uid)}/volumes/kubernetes.io~configmap/${volume.name}`;
      case 'secret':
        return `${this.podRunDirectory(uid)}/volumes/kubernetes.io~secret/${volume.name}`;
      case 'downwardAPI':
        return `${this.podRunDirectory(uid)}/volumes/kubernetes.io~downward-api/${volume.name}`;
      case 'projected':
        return `${this.podRunDirectory(uid)}/volumes/kubernetes.io~projected/${volume.name}`;
      default:
        return undefined;
    }
  }
}

/** The name of the source a volume has, `emptyDir` for example. A volume without one is an emptyDir. */
export function volumeSource(volume: Volume): string {
  const [source] = Object.keys(volume).filter((key) => key !== 'name' && volume[key as keyof Volume] !== undefined);
  return source ?? 'emptyDir';
}

export function isInMemory(volume: Volume): boolean {
  return volume.emptyDir?.medium === 'Memory';
}

export function volumeNamed(pod: Pod, name: string): Volume | undefined {
  return pod.spec.volumes?.find((volume) => volume.name === name);
}

/** Files that are rewritten whole when their source changes; nobody may write into them. */
export function isApiVolume(volume: Volume): boolean {
  return ['configMap', 'secret', 'downwardAPI', 'projected'].includes(volumeSource(volume));
}
