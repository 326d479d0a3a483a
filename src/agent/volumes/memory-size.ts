/** How large a volume in memory may become (kubelet: SizeMemoryBackedVolumes). Pure. */
import { amountOf, podLimits } from '../../api/kinds/pod/requests.ts';
import type { Pod, Volume } from '../../api/kinds/pod/types.ts';

/**
 * Bytes: the least of the volume's `sizeLimit`, the memory limit of its pod, and what all pods may use together. What is
 * written there is memory that the pod uses, so more could never be filled.
 */
export function memorySizeOf(pod: Pod, volume: Volume, allocatableBytes: number): number {
  const { sizeLimit } = volume.emptyDir ?? {};
  const bounds = [sizeLimit === undefined ? 0 : amountOf('memory', sizeLimit), podLimits(pod).get('memory') ?? 0];
  return Math.min(allocatableBytes, ...bounds.filter((bytes) => bytes > 0));
}
