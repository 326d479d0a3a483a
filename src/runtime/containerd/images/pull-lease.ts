/**
 * The lease under which one image is pulled, kept until the image is there.
 *
 * CRI's PullImage runs under the lease that the call names (`containerd-lease`), so everything it fetches and
 * unpacks is held by it: what a stalled, cancelled or killed pull had downloaded is still there for the next one,
 * which asks the registry only for the rest (measured with 1.6: `Range: bytes=13242880-`). Without it containerd
 * throws partial layers away. It has no time limit, as clocks of devices jump: `Images.abandonPull` ends it.
 */
import { createHash } from 'node:crypto';
import type { Resource } from '../../../gen/containerd/leases.ts';
import { isStatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { leaseService } from '../methods.ts';

const prefix = 'eliot-pull-';
/** On the lease: the full name of the image. */
const nameLabel = 'run.eliot/image';
const timeoutMs = 20_000;
/** Ending a lease with `sync` collects garbage, which takes its time on a slow card. */
const collectTimeoutMs = 10 * 60_000;

/** The lease's id, the same for each pull of `name`. Made when it does not exist. */
export async function openPullLease(grpc: GrpcClient, name: string, signal: AbortSignal): Promise<string> {
  const id = pullLeaseId(name);
  try {
    await grpc.unary(leaseService.create, { id, labels: { [nameLabel]: name } }, { signal, timeoutMs });
  } catch (error) {
    if (!isStatusError(error, 'AlreadyExists')) throw error;
  }
  return id;
}

/** @param name full name of the image */
export function pullLeaseId(name: string): string {
  return `${prefix}${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

/** Leases of pulls, by the image's full name. */
export async function listPullLeases(grpc: GrpcClient, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const { leases } = await grpc.unary(leaseService.list, {}, { signal, timeoutMs });
  return new Map(
    leases.filter(({ id }) => id.startsWith(prefix)).map(({ id, labels }) => [labels[nameLabel] ?? id, id]),
  );
}

/** What a lease holds; nothing when it is gone. */
export async function resourcesOf(grpc: GrpcClient, id: string, signal: AbortSignal): Promise<readonly Resource[]> {
  try {
    return (await grpc.unary(leaseService.listResources, { id }, { signal, timeoutMs })).resources;
  } catch (error) {
    if (isStatusError(error, 'NotFound')) return [];
    throw error;
  }
}

/** Ends a lease; fine when it is gone. With `collect`, what only it held is deleted before this resolves. */
export async function endLease(
  grpc: GrpcClient,
  id: string,
  signal: AbortSignal,
  { collect = false }: { readonly collect?: boolean } = {},
): Promise<void> {
  const limit = collect ? collectTimeoutMs : timeoutMs;
  try {
    await grpc.unary(leaseService.delete, { id, sync: collect }, { signal, timeoutMs: limit });
  } catch (error) {
    if (!isStatusError(error, 'NotFound')) throw error;
  }
}
