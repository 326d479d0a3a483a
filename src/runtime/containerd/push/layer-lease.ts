/** Keeps a layer that was pushed until an image refers to it. */
import type { Clock } from '../../../lib/clock.ts';
import { isStatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { leaseService } from '../methods.ts';

const timeoutMs = 20_000;
/** What nobody has completed by then is collected, and would have to be sent again. */
const lifetimeMs = 24 * 60 * 60 * 1_000;

/** Its id, the same for each push of the layer. */
export function layerLeaseId(diffID: string): string {
  return `eliot-layer-${diffID.replace('sha256:', '').slice(0, 32)}`;
}

/** Makes it when it is not there. */
export async function openLayerLease(
  { grpc, clock }: { readonly grpc: GrpcClient; readonly clock: Clock },
  diffID: string,
  signal: AbortSignal,
): Promise<string> {
  const id = layerLeaseId(diffID);
  const expires = new Date(clock.now() + lifetimeMs).toISOString();
  try {
    await grpc.unary(
      leaseService.create,
      { id, labels: { 'containerd.io/gc.expire': expires } },
      { signal, timeoutMs },
    );
  } catch (error) {
    if (!isStatusError(error, 'AlreadyExists')) throw error;
  }
  return id;
}
