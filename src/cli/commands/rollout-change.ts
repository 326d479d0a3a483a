/** `eli rollout restart`, `pause` and `resume`: change how a Deployment rolls out, and nothing of what it runs. */
import type { KubeObject } from '../../api/meta.ts';
import { formatTime } from '../../lib/clock.ts';
import type { CommandContext } from '../context.ts';
import { resourceName } from '../resources/resource-kind.ts';
import { UsageError } from '../usage-error.ts';
import { type SelectionFlags, selectObjects } from './select-objects.ts';
import { createWritePrinter, forEach } from './write-result.ts';

export interface RolloutChangeFlags extends SelectionFlags {
  readonly fieldManager?: string;
}

export type RolloutVerb = 'restart' | 'pause' | 'resume';

/** The words for what is done and what was done. */
const words: Readonly<Record<RolloutVerb, { readonly doing: string; readonly done: string }>> = {
  restart: { doing: 'restarting', done: 'restarted' },
  pause: { doing: 'pausing', done: 'paused' },
  resume: { doing: 'resuming', done: 'resumed' },
};

/** A pod template with another value makes new pods; every client of Kubernetes writes it here. */
const restartedAt = 'kubectl.kubernetes.io/restartedAt';

/** As much of a Deployment as we look at. */
interface Rolling {
  readonly spec?: {
    readonly paused?: boolean;
    readonly template?: {
      readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
    };
  };
}

/**
 * What the arguments of a verb of `rollout` name: with a type alone, all of the namespace.
 *
 * @throws UsageError when there are none
 */
export function rolloutSelection<Flags extends SelectionFlags>(args: readonly string[], flags: Flags): Flags {
  if (args.length === 0 && flags.filename === undefined) throw new UsageError('required resource not specified');
  const isTypeOnly = args.length === 1 && !args[0]?.includes('/') && flags.selector === undefined;
  return isTypeOnly ? { ...flags, all: true } : flags;
}

/** Changes the roll-outs that arguments or manifests name; resolves with the exit code. */
export async function runRolloutChange(
  verb: RolloutVerb,
  args: readonly string[],
  flags: RolloutChangeFlags,
  context: CommandContext,
): Promise<number> {
  const print = createWritePrinter(context, 'none');
  const selected = await selectObjects(args, rolloutSelection(args, flags), verb, context);
  const { client } = await context.session();
  return await forEach(selected, context, async ({ kind, namespace, name }) => {
    const key = namespace === undefined ? { name } : { namespace, name };
    const object = await client.get<KubeObject>(kind, key, context.signal);
    const subject = `${resourceName(kind)} "${name}"`;
    if (resourceName(kind) !== 'deployments.apps') {
      throw new UsageError(`${subject} ${words[verb].doing} is not supported`);
    }
    const patch = computeRolloutPatch(verb, object, subject, formatTime(context.io.clock.now()));
    const options = { fieldManager: flags.fieldManager ?? 'eli-rollout' };
    await print(kind, await client.patch<KubeObject>(kind, key, 'strategic', patch, options), words[verb].done);
  });
}

/**
 * The strategic merge patch of a verb.
 *
 * @param now RFC 3339, whole seconds
 * @throws UsageError in kubectl's words when it would change nothing or the roll-out is paused
 */
export function computeRolloutPatch(verb: RolloutVerb, object: KubeObject, subject: string, now: string): object {
  const { spec } = object as KubeObject & Rolling;
  const isPaused = spec?.paused ?? false;
  switch (verb) {
    case 'pause':
      if (isPaused) throw new UsageError(`${subject} is already paused`);
      return { spec: { paused: true } };
    case 'resume':
      if (!isPaused) throw new UsageError(`${subject} is not paused`);
      return { spec: { paused: null } };
    case 'restart':
      if (isPaused) throw new UsageError(`${subject} can't restart paused deployment (run rollout resume first)`);
      if (spec?.template?.metadata?.annotations?.[restartedAt] === now) {
        throw new UsageError(
          `failed to create patch for ${object.metadata.name}: if restart has already been triggered within the past second, please wait before attempting to trigger another`,
        );
      }
      return { spec: { template: { metadata: { annotations: { [restartedAt]: now } } } } };
  }
}
