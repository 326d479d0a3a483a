/** One object as it is, and then each time that it changes. */
import type { KubeObject } from '../../api/meta.ts';
import type { GroupVersionResource } from '../../api/object-client.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';

export interface ObjectName {
  readonly kind: GroupVersionResource;
  /** Undefined for what lives in none. */
  readonly namespace: string | undefined;
  readonly name: string;
}

/** Between two looks after a watch that ended. */
const pauseMs = 1_000;

/**
 * The object, undefined whenever there is none of that name; first as it is now. It may be given twice without a change
 * in between, and states that passed quickly may be left out.
 *
 * @throws the reason of `signal` when it aborts, StatusError when the device refuses
 */
export async function* followObject(
  { kind, namespace, name }: ObjectName,
  context: CommandContext,
  signal: AbortSignal,
): AsyncGenerator<KubeObject | undefined, never> {
  const { client } = await context.session();
  const scope = namespace === undefined ? {} : { namespace };
  for (;;) {
    const object = await client.get<KubeObject>(kind, { ...scope, name }, signal).catch((error: unknown) => {
      if (isStatusError(error, 'NotFound')) return undefined;
      throw error;
    });
    yield object;
    try {
      const resourceVersion = object?.metadata.resourceVersion;
      const from = {
        ...scope,
        fieldSelector: `metadata.name=${name}`,
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      };
      for await (const event of client.watch<KubeObject>(kind, from, signal)) {
        if (event.type !== 'BOOKMARK') yield event.type === 'DELETED' ? undefined : event.object;
      }
    } catch (error) {
      // What happened since is no longer known: look again.
      if (!isStatusError(error, 'Expired')) throw error;
    }
    signal.throwIfAborted();
    await context.io.clock.sleep(pauseMs, signal);
  }
}

/**
 * Does `work` with a signal that aborts when it takes longer than `timeoutMs`; 0 = for ever.
 *
 * @throws StatusError Timeout with `message` when it was too late
 */
export async function within<T>(
  timeoutMs: number,
  message: string,
  context: CommandContext,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (timeoutMs === 0) return await work(context.signal);
  const over = new AbortController();
  const stopTimer = new AbortController();
  const timer = context.io.clock
    .sleep(timeoutMs, AbortSignal.any([context.signal, stopTimer.signal]))
    .then(() => over.abort(new StatusError('Timeout', message)))
    .catch(() => {});
  try {
    return await work(AbortSignal.any([context.signal, over.signal]));
  } finally {
    stopTimer.abort();
    await timer;
  }
}
