/** Removes what a boot left of containers whose image is not to be trusted: their snapshots would keep its layers. */
import type { GrpcClient } from '../grpc/client.ts';
import { criRuntime } from '../methods.ts';

const listTimeoutMs = 20_000;
const removeTimeoutMs = 60_000;

/**
 * Call it when nothing can run, after a boot. What is removed here is made anew by its pod.
 *
 * @param sandboxImageId undefined when there is none
 */
export async function removeUsersOf(
  grpc: GrpcClient,
  imageIds: ReadonlySet<string>,
  sandboxImageId: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const look = { signal, timeoutMs: listTimeoutMs };
  const change = { signal, timeoutMs: removeTimeoutMs };
  if (sandboxImageId !== undefined && imageIds.has(sandboxImageId)) {
    const { items } = await grpc.unary(criRuntime.listPodSandbox, {}, look);
    for (const { id: podSandboxId } of items) {
      await grpc.unary(criRuntime.stopPodSandbox, { podSandboxId }, change);
      await grpc.unary(criRuntime.removePodSandbox, { podSandboxId }, change);
    }
    return;
  }
  const { containers } = await grpc.unary(criRuntime.listContainers, {}, look);
  for (const { id: containerId, imageRef } of containers) {
    if (imageIds.has(imageRef)) await grpc.unary(criRuntime.removeContainer, { containerId }, change);
  }
}
