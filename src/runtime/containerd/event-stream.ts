/**
 * containerd's native events as hints. An exit is told 35-50 ms before CRI reports it, so a reader looks
 * again with a short back-off; exits during a longer outage are never told, so it relists on `lost`.
 */
import type { Envelope } from '../../gen/containerd/events.ts';
import { ContainerDelete, TaskExit, TaskOOM, TaskStart } from '../../gen/containerd/events-messages.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { RuntimeEvent } from '../runtime.ts';
import type { GrpcClient } from './grpc/client.ts';
import { eventService, versionService } from './methods.ts';

/** One filter a topic: a list means OR. Values with a slash must be quoted. */
const filters = ['/tasks/start', '/tasks/exit', '/tasks/oom', '/containers/delete'].map(
  (topic) => `namespace==k8s.io,topic=="${topic}"`,
);

const firstBackoffMs = 50;
const maxBackoffMs = 1_000;

export interface EventStreamDeps {
  readonly grpc: GrpcClient;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Events until `signal` aborts (then it ends). Never fails: an ended subscription is made again. */
export async function* watchEvents(deps: EventStreamDeps, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  let backoffMs = firstBackoffMs;
  while (!signal.aborted) {
    try {
      for await (const event of watchOnce(deps.grpc, signal)) {
        backoffMs = firstBackoffMs;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      deps.log.debug('event stream ended', { error, retryInMs: backoffMs });
    }
    await deps.clock.sleep(backoffMs, signal).catch(() => {});
    backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
  }
}

/** Events of one subscription, the first of them `lost`. */
async function* watchOnce(grpc: GrpcClient, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  // Of this subscription alone: leaving it early must cancel it even while its first event is awaited.
  const leave = new AbortController();
  const subscribed = AbortSignal.any([signal, leave.signal]);
  try {
    const envelopes = grpc.serverStream(eventService.subscribe, { filters }, { signal: subscribed });
    const first = envelopes.next();
    // Awaited below; until then its failure must not count as unhandled.
    first.catch(() => {});
    // A subscription is not answered before its first event. A call that was sent after it on the same
    // connection and has been answered shows that it stands, so the reader's relist overlaps with it.
    await grpc.unary(versionService.version, {}, { signal: subscribed, timeoutMs: 5_000 });
    yield { type: 'lost' };
    for (let next = await first; !next.done; next = await envelopes.next()) {
      const event = toRuntimeEvent(next.value);
      if (event !== undefined) yield event;
    }
  } finally {
    leave.abort();
  }
}

function toRuntimeEvent({ topic, event }: Envelope): RuntimeEvent | undefined {
  if (event === undefined) return undefined;
  switch (topic) {
    case '/tasks/start':
      return { type: 'started', containerId: TaskStart.decode(event.value).containerId };
    case '/tasks/exit': {
      const exit = TaskExit.decode(event.value);
      // The end of an exec, not of the container.
      if (exit.id !== exit.containerId) return undefined;
      return { type: 'exited', containerId: exit.containerId, exitCode: exit.exitStatus };
    }
    case '/tasks/oom':
      return { type: 'oom', containerId: TaskOOM.decode(event.value).containerId };
    case '/containers/delete':
      return { type: 'deleted', containerId: ContainerDelete.decode(event.value).id };
    default:
      return undefined;
  }
}
