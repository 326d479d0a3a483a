/** A lease: what is written under it stays until it is deleted, referenced or not. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../lib/clock.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { leaseService } from '../methods.ts';

/** A lease outlives a crash of ours by this long; then containerd collects what it held. */
const lifetimeMs = 24 * 60 * 60 * 1_000;

/**
 * Runs `use` under a lease of its own, deleted afterwards.
 *
 * @param purpose begins the lease's id, for example `import`
 */
export async function withLease<T>(
  deps: { readonly grpc: GrpcClient; readonly clock: Clock },
  purpose: string,
  signal: AbortSignal,
  use: (lease: string) => Promise<T>,
): Promise<T> {
  const { grpc, clock } = deps;
  const id = `eliot-${purpose}-${randomBytes(8).toString('hex')}`;
  const expires = new Date(clock.now() + lifetimeMs).toISOString();
  await grpc.unary(leaseService.create, { id, labels: { 'containerd.io/gc.expire': expires } }, { signal });
  try {
    return await use(id);
  } finally {
    // Also after an abort; when containerd is gone, the lease expires by itself.
    await grpc.unary(leaseService.delete, { id }, { signal: AbortSignal.timeout(10_000) }).catch(() => {});
  }
}
