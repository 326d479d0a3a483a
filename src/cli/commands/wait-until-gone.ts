/** Waits for one object to be gone; another one that takes its name counts as gone too. */
import type { KubeObject } from '../../api/meta.ts';
import type { CommandContext } from '../context.ts';
import { kindName, type ResourceKind } from '../resources/resource-kind.ts';
import { followObject, type ObjectName, within } from './follow-object.ts';

export interface Leaving extends ObjectName {
  readonly kind: ResourceKind;
  readonly uid: string;
  /** Longest wait; 0 = for ever. */
  readonly timeoutMs: number;
}

/** @throws StatusError Timeout when it is still there after `timeoutMs` */
export async function waitUntilGone(leaving: Leaving, context: CommandContext): Promise<void> {
  const { kind, name, uid, timeoutMs } = leaving;
  const tooLate = `timed out waiting for ${kindName(kind)}/${name} to be gone; it goes on ending by itself`;
  await within(timeoutMs, tooLate, context, async (signal) => {
    await context.terminal.during(`waiting for ${kindName(kind)}/${name} to end`, async (activity) => {
      for await (const object of followObject(leaving, context, signal)) {
        if (object?.metadata.uid !== uid) return;
        activity.show(hintOf(leaving, object));
      }
    });
  });
}

function hintOf({ kind, name }: Leaving, object: KubeObject): string {
  const seconds = object.metadata.deletionGracePeriodSeconds;
  const grace = seconds === undefined || seconds === 0 ? '' : ` (it may take its ${seconds} s)`;
  return `waiting for ${kindName(kind)}/${name} to end${grace}; Ctrl-C stops the waiting only`;
}
