/**
 * The lease under which a bundle comes. Each try has one of its own, which takes over what the tries before it brought: so one that
 * broke off goes on, and none runs under a lease that is about to end, by a clock that may jump.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../lib/clock.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { leaseService } from '../methods.ts';
import { endLease, resourcesOf } from './pull-lease.ts';

/** Then containerd collects what came of one that nobody sent again. */
const lifetimeMs = 24 * 60 * 60 * 1_000;
const timeoutMs = 20_000;
/** Ending it collects garbage, which takes its time on a slow card. */
const endTimeoutMs = 60_000;

/** What the writes of a bundle are called, the same for each of its tries. @param digest of the bundle, `sha256:…` */
export function bundleRef(digest: string): string {
  return `eliot-bundle-${digest.replace('sha256:', '').slice(0, 32)}`;
}

/** @param digest of the bundle, `sha256:…` @returns its id. One that is interrupted here leaves two, which the next try takes over. */
export async function openBundleLease(
  { grpc, clock }: { readonly grpc: GrpcClient; readonly clock: Clock },
  digest: string,
  signal: AbortSignal,
): Promise<string> {
  const ref = bundleRef(digest);
  const id = `${ref}-${randomUUID().slice(0, 8)}`;
  const options = { signal, timeoutMs };
  const expires = new Date(clock.now() + lifetimeMs).toISOString();
  await grpc.unary(leaseService.create, { id, labels: { 'containerd.io/gc.expire': expires } }, options);
  const { leases } = await grpc.unary(leaseService.list, {}, options);
  for (const old of leases.filter((lease) => lease.id.startsWith(ref) && lease.id !== id)) {
    for (const resource of await resourcesOf(grpc, old.id, signal)) {
      await grpc.unary(leaseService.addResource, { id, resource }, options);
    }
    await endLease(grpc, old.id, signal);
  }
  return id;
}

/** Lets go what has no name. Never fails: one that stays expires by itself. */
export async function endBundleLease(grpc: GrpcClient, id: string): Promise<void> {
  await endLease(grpc, id, AbortSignal.timeout(endTimeoutMs), { collect: true }).catch(() => {});
}
