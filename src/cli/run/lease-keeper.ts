/** Tells the device again and again that somebody cares for a pod (docs/adr/0037). */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { leases } from '../../api/resources.ts';
import type { HttpObjectClient } from '../../client/http-object-client.ts';
import { type Clock, formatMicroTime } from '../../lib/clock.ts';
import { limited } from '../../lib/limited.ts';
import { isStatusError } from '../../lib/status-error.ts';

export interface LeaseKeeperDeps {
  readonly client: Pick<HttpObjectClient, 'create' | 'patch'>;
  readonly clock: Clock;
  /** Called after a renewal that failed: the connections that there are may lead nowhere. */
  readonly closeIdle: () => void;
}

export interface LeaseWish {
  readonly name: string;
  /** Whose lease it is; when the pod is gone the device takes the lease away. */
  readonly pod: Pod;
  /** For people: who holds it. */
  readonly holder: string;
  readonly durationMs: number;
}

/** So many times in the duration of a lease it is renewed. */
const renewalsPerDuration = 3;
/** What a renewal may take, in parts of the duration: with the pauses below, two may be lost on the way and a third is in time. */
const limitsPerDuration = 4;
/** Between two tries when the device cannot be reached, in parts of the duration; at most a second. */
const triesPerDuration = 30;
const longestPauseMs = 1_000;

/** Makes the lease. @throws StatusError when the device refuses */
export async function createLease(
  { client, clock }: Pick<LeaseKeeperDeps, 'client' | 'clock'>,
  wish: LeaseWish,
  signal?: AbortSignal,
): Promise<void> {
  const { namespace = '', name: podName = '', uid = '' } = wish.pod.metadata;
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: wish.name,
      namespace,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: podName, uid }],
    },
    spec: {
      holderIdentity: wish.holder,
      leaseDurationSeconds: Math.ceil(wish.durationMs / 1_000),
      renewTime: formatMicroTime(clock.now()),
    },
  };
  await client.create<object>(leases, lease, { fieldManager: 'eli-run' }, signal);
}

/** Renews the lease until `signal` aborts; a device that cannot be reached is tried again. Never rejects. */
export async function keepLease(deps: LeaseKeeperDeps, wish: LeaseWish, signal: AbortSignal): Promise<void> {
  const { clock, closeIdle } = deps;
  const { durationMs } = wish;
  let pauseMs = durationMs / renewalsPerDuration;
  for (;;) {
    try {
      await clock.sleep(pauseMs, signal);
    } catch {
      return;
    }
    const work = (inTime: AbortSignal): Promise<void> => renew(deps, wish, inTime);
    const isRenewed = await limited(clock, durationMs / limitsPerDuration, signal, work).then(
      ({ kind }) => kind === 'Done',
      () => false,
    );
    if (!isRenewed) closeIdle();
    pauseMs = isRenewed ? durationMs / renewalsPerDuration : Math.min(durationMs / triesPerDuration, longestPauseMs);
  }
}

async function renew(deps: LeaseKeeperDeps, wish: LeaseWish, signal: AbortSignal): Promise<void> {
  const { namespace = '' } = wish.pod.metadata;
  const key = { namespace, name: wish.name };
  const spec = { renewTime: formatMicroTime(deps.clock.now()) };
  try {
    await deps.client.patch(leases, key, 'merge', { spec }, { fieldManager: 'eli-run' }, signal);
  } catch (error) {
    // The device was started anew meanwhile, and knows of no lease from before; or we have just let go of it.
    if (!isStatusError(error, 'NotFound')) throw error;
    signal.throwIfAborted();
    await createLease(deps, wish, signal);
  }
}
