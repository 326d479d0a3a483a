/** Waits for one object to be gone; another one that takes its name counts as gone too. */
import type { KubeObject } from '../../api/meta.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { kindName, type ResourceKind } from '../resources/resource-kind.ts';
import type { Session } from '../session.ts';

export interface Leaving {
  readonly kind: ResourceKind;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid: string;
  /** Longest wait; 0 = for ever. */
  readonly timeoutMs: number;
}

/** Between two looks after a watch that ended. */
const pauseMs = 1_000;

/** @throws StatusError Timeout when it is still there after `timeoutMs` */
export async function waitUntilGone(leaving: Leaving, session: Session, context: CommandContext): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const waiting = lookAndWatch(leaving, session, context, signal);
  if (leaving.timeoutMs === 0) return await waiting;
  const stopTimer = new AbortController();
  const tooLate = context.io.clock
    .sleep(leaving.timeoutMs, AbortSignal.any([context.signal, stopTimer.signal]))
    .then(() => 'late' as const);
  try {
    const first = await Promise.race([waiting.then(() => 'gone' as const), tooLate]);
    if (first === 'gone') return;
    throw new StatusError(
      'Timeout',
      `timed out waiting for ${kindName(leaving.kind)}/${leaving.name} to be gone; it goes on ending by itself`,
    );
  } finally {
    stopTimer.abort();
    over.abort();
    await Promise.allSettled([waiting, tooLate]);
  }
}

async function lookAndWatch(
  leaving: Leaving,
  session: Session,
  context: CommandContext,
  signal: AbortSignal,
): Promise<void> {
  const { kind, namespace, name, uid } = leaving;
  let hinted = false;
  for (;;) {
    const object = await look(leaving, session, signal);
    if (object === undefined || object.metadata.uid !== uid) return;
    if (!hinted) context.hint(hintOf(leaving, object));
    hinted = true;
    try {
      const options = { ...(namespace === undefined ? {} : { namespace }), fieldSelector: `metadata.name=${name}` };
      const revision = object.metadata.resourceVersion;
      const from = { ...options, ...(revision === undefined ? {} : { resourceVersion: revision }) };
      for await (const event of session.client.watch<KubeObject>(kind, from, signal)) {
        if (event.type === 'DELETED') return;
        if (event.type !== 'BOOKMARK' && event.object.metadata.uid !== uid) return;
      }
    } catch (error) {
      if (!isStatusError(error, 'Expired')) throw error;
    }
    signal.throwIfAborted();
    await context.io.clock.sleep(pauseMs, signal);
  }
}

async function look(
  { kind, namespace, name }: Leaving,
  session: Session,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  try {
    return await session.client.get(kind, namespace === undefined ? { name } : { namespace, name }, signal);
  } catch (error) {
    if (isStatusError(error, 'NotFound')) return undefined;
    throw error;
  }
}

function hintOf({ kind, name }: Leaving, object: KubeObject): string {
  const seconds = object.metadata.deletionGracePeriodSeconds;
  const grace = seconds === undefined || seconds === 0 ? '' : ` (it may take its ${seconds} s)`;
  return `waiting for ${kindName(kind)}/${name} to end${grace}; Ctrl-C stops the waiting only`;
}
