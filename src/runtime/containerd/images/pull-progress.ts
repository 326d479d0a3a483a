/**
 * Notices a pull that stands still. containerd itself waits for ever on a silent registry.
 *
 * Progress is a download that grew, or a layer that was begun or finished unpacking. While a layer is being
 * unpacked nothing can be seen, so that time does not count.
 */
import { SnapshotEvent } from '../../../gen/containerd/events.ts';
import type { Clock } from '../../../lib/clock.ts';
import { StatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { contentService, eventService } from '../methods.ts';

const lookEveryMs = 1_000;

const unpackFilters = ['prepare', 'commit', 'remove'].map((what) => `namespace==k8s.io,topic=="/snapshot/${what}"`);

export interface PullProgressDeps {
  readonly grpc: GrpcClient;
  readonly clock: Clock;
  /** Milliseconds without any progress after which a pull is given up. */
  readonly stallTimeoutMs: number;
}

/**
 * Waits until the pull stands still, then throws. Ends only that way, or with the signal's reason.
 *
 * It sees all downloads of this containerd together: of two pulls, a still one is noticed when the other is done.
 *
 * @throws StatusError `Timeout`
 */
export async function watchForStall(deps: PullProgressDeps, reference: string, signal: AbortSignal): Promise<never> {
  const { grpc, clock, stallTimeoutMs } = deps;
  const unpacking = new Set<string>();
  let unpackEvents = 0;
  void followUnpacking(grpc, signal, (topic, key) => {
    unpackEvents += 1;
    if (topic === '/snapshot/prepare') unpacking.add(key);
    else unpacking.delete(key);
  });

  let lastSeen = '';
  let movedAtMs = clock.monotonicMs();
  for (;;) {
    await clock.sleep(lookEveryMs, signal);
    const { statuses } = await grpc.unary(contentService.listStatuses, {}, { signal, timeoutMs: stallTimeoutMs });
    const offsets = statuses.map(({ ref, offset }) => `${ref}=${offset}`).sort();
    const seen = `${unpackEvents} ${offsets.join(' ')}`;
    if (seen !== lastSeen || unpacking.size > 0) movedAtMs = clock.monotonicMs();
    lastSeen = seen;
    if (clock.monotonicMs() - movedAtMs < stallTimeoutMs) continue;
    const seconds = Math.round(stallTimeoutMs / 1_000);
    throw new StatusError('Timeout', `failed to pull image "${reference}": nothing arrived for ${seconds} seconds`);
  }
}

/** Tells of layers being unpacked (`extract-…`) until `signal` aborts; a broken stream only costs precision. */
async function followUnpacking(
  grpc: GrpcClient,
  signal: AbortSignal,
  tell: (topic: string, key: string) => void,
): Promise<void> {
  try {
    for await (const { topic, event } of grpc.serverStream(
      eventService.subscribe,
      { filters: unpackFilters },
      { signal },
    )) {
      const { key } = SnapshotEvent.decode(event?.value ?? Buffer.alloc(0));
      // The key in an event is "<namespace>/<number>/<name>" or the name alone, by version.
      if (key.includes('extract-')) tell(topic, key.slice(key.indexOf('extract-')));
    }
  } catch {
    // The pull ends with the same connection and tells the reason.
  }
}
