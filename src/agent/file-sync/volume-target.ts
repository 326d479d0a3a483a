/** Which directory of a pod files are brought to, and whose they are then. Pure. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { TreeOwner } from '../../lib/tree/tree-writer.ts';

/**
 * Checks that a pod has a volume that files may be brought to.
 *
 * Only an emptyDir: it belongs to its pod and to nobody else. What the device writes there as root a container of the pod could
 * have written; of a hostPath, which may be mounted read-only or for a user who may not write there, that is not so.
 *
 * @throws StatusError BadRequest
 */
export function requireSyncVolume(pod: Pod, name: string): NonNullable<Pod['spec']['volumes']>[number] {
  const volume = pod.spec.volumes?.find((each) => each.name === name);
  if (volume === undefined) {
    const names = (pod.spec.volumes ?? []).map((each) => each.name).join(', ');
    throw new StatusError('BadRequest', `pod ${pod.metadata.name} has no volume "${name}"; it has: ${names || 'none'}`);
  }
  if (volume.emptyDir === undefined) {
    throw new StatusError('BadRequest', `volume "${name}" is no emptyDir: files are brought to no other volume`);
  }
  return volume;
}

/**
 * Whose the files are: those of the first container that mounts the volume, and of the pod's fsGroup, which may write to
 * everything in the volume. A user that only the image names is not known here; files are root's then, as those of an image are.
 */
export function ownerOf({ spec }: Pod, volume: string): TreeOwner {
  const container = [...spec.containers, ...(spec.initContainers ?? [])].find((each) =>
    each.volumeMounts?.some((mount) => mount.name === volume),
  );
  const own = container?.securityContext;
  const ofPod = spec.securityContext;
  return {
    uid: own?.runAsUser ?? ofPod?.runAsUser ?? 0,
    gid: ofPod?.fsGroup ?? own?.runAsGroup ?? ofPod?.runAsGroup ?? 0,
  };
}
