/** `eli wait`: until objects are made, gone, or as they shall be. */
import type { KubeObject } from '../../api/meta.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { parseDuration } from '../duration.ts';
import { UsageError } from '../usage-error.ts';
import { parseWaitConditions, type WaitCondition } from '../waiting/wait-condition.ts';
import { followObject, within } from './follow-object.ts';
import { type Selected, type SelectionFlags, selectedKey, selectObjects } from './select-objects.ts';
import { createWritePrinter, forEach, type PrintWritten } from './write-result.ts';

export interface WaitFlags extends SelectionFlags {
  readonly for?: readonly string[];
  readonly timeout?: string;
}

/** As kubectl: a negative `--timeout` is a week. */
const longestMs = 7 * 24 * 3_600_000;
const defaultTimeout = '30s';
/** Between two looks for objects that do not exist yet. */
const lookEveryMs = 500;
const tooLate = 'timed out waiting for the condition';

/** When the wait ends: at once after one look, or at an instant of the monotonic clock. */
type Deadline = 'one look' | { readonly atMs: number };

/** Waits for everything that arguments or manifests name, one after the other; resolves with the exit code. */
export async function runWait(args: readonly string[], flags: WaitFlags, context: CommandContext): Promise<number> {
  const conditions = parseWaitConditions(flags.for);
  const deadline = deadlineOf(flags.timeout ?? defaultTimeout, context);
  const print = createWritePrinter(context, 'none');
  const isFor = (kind: WaitCondition['kind']): boolean => conditions.some((condition) => condition.kind === kind);
  if (isFor('create')) await untilCreated(args, flags, deadline, context);
  const selected = await selectObjects(args, flags, 'wait', context);
  if (selected.length === 0 && !isFor('delete')) throw new UsageError('no matching resources found');
  return await forEach(selected, context, async (one) => {
    const { client } = await context.session();
    const object = await client.get<KubeObject>(one.kind, selectedKey(one), context.signal).catch((error: unknown) => {
      if (isFor('delete') && isStatusError(error, 'NotFound')) return undefined;
      throw error;
    });
    // What is gone before anybody has looked is not worth a word.
    if (object === undefined) return;
    for (const condition of conditions) await untilMet(one, object, condition, deadline, print, context);
  });
}

function deadlineOf(text: string, context: CommandContext): Deadline {
  const ms =
    text.startsWith('-') && parseDuration(text.slice(1), '--timeout') > 0
      ? longestMs
      : parseDuration(text, '--timeout');
  return ms === 0 ? 'one look' : { atMs: context.io.clock.monotonicMs() + ms };
}

/** Does `work` until the deadline, or fails with `message`; who looks is told what is being done. */
async function before<T>(
  deadline: { readonly atMs: number },
  message: string,
  doing: string,
  context: CommandContext,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const leftMs = deadline.atMs - context.io.clock.monotonicMs();
  if (leftMs <= 0) throw new StatusError('Timeout', message);
  return await context.terminal.during(doing, () => within(leftMs, message, context, work));
}

/** Resolves when everything named exists, or something is selected. */
async function untilCreated(
  args: readonly string[],
  flags: WaitFlags,
  deadline: Deadline,
  context: CommandContext,
): Promise<void> {
  if (deadline === 'one look') {
    if (await areThere(args, flags, context)) return;
    throw new StatusError('Timeout', tooLate);
  }
  await before(deadline, tooLate, 'waiting for what does not exist yet', context, async (signal) => {
    while (!(await areThere(args, flags, context))) await context.io.clock.sleep(lookEveryMs, signal);
  });
}

async function areThere(args: readonly string[], flags: WaitFlags, context: CommandContext): Promise<boolean> {
  const { client } = await context.session();
  try {
    const selected = await selectObjects(args, flags, 'wait', context);
    for (const one of selected) await client.get<KubeObject>(one.kind, selectedKey(one), context.signal);
    return selected.length > 0;
  } catch (error) {
    if (isStatusError(error, 'NotFound')) return false;
    throw error;
  }
}

async function untilMet(
  one: Selected,
  found: KubeObject,
  condition: WaitCondition,
  deadline: Deadline,
  print: PrintWritten,
  context: CommandContext,
): Promise<void> {
  if (condition.kind === 'create') return await print(one.kind, found, 'condition met');
  if (deadline === 'one look') {
    if (condition.kind === 'state' && condition.isMet(found)) return await print(one.kind, found, 'condition met');
    throw new UsageError(`condition not met for ${one.kind.resource}/${one.name}`);
  }
  const name = `${one.kind.resource}/${one.name}`;
  await before(deadline, `${tooLate} on ${name}`, `waiting for ${name}`, context, async (signal) => {
    let last = found;
    for await (const object of followObject(one, context, signal)) {
      const isOver =
        condition.kind === 'delete'
          ? object?.metadata.uid !== found.metadata.uid
          : object !== undefined && condition.isMet(object);
      last = object ?? last;
      if (isOver) return await print(one.kind, last, 'condition met');
    }
  });
}
