/** Finds the pod that a command means: by its name, or by what keeps it. */
import { isReady, readyCondition } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { formatLabelSelector, type LabelSelectorObject } from '../../api/labels.ts';
import type { KubeObject } from '../../api/meta.ts';
import { pods } from '../../api/resources.ts';
import type { CommandContext } from '../context.ts';
import { parseDuration } from '../duration.ts';
import { resourceName } from '../resources/resource-kind.ts';
import { UsageError } from '../usage-error.ts';
import { within } from './follow-object.ts';

export interface FoundPod {
  readonly pod: Pod;
  /** How many there were to choose from. */
  readonly candidates: number;
}

/** As kubectl's `--pod-running-timeout`. */
const defaultWait = '1m0s';

/**
 * The pod that `word` names: `web` or `pod/web`; of `deploy/web` and the like the one that is best to work with. When
 * there is none of those yet it waits for one.
 *
 * @param wait longest wait, as typed
 * @throws UsageError when it names something that has no pods, StatusError NotFound
 */
export async function findPod(word: string, context: CommandContext, wait: string = defaultWait): Promise<FoundPod> {
  const waitMs = parseDuration(wait, '--pod-running-timeout');
  if (waitMs <= 0) throw new UsageError('--pod-running-timeout must be higher than zero');
  const session = await context.session();
  const { namespace } = session;
  const [type = '', name, ...rest] = word.split('/');
  if (name === undefined || ['pod', 'pods', 'po'].includes(type.toLowerCase())) {
    if (name === '' || rest.length > 0) throw noPod(word);
    const pod = await session.client.get<Pod>(pods, { namespace, name: name ?? type }, context.signal);
    return { pod, candidates: 1 };
  }
  if (name === '' || rest.length > 0) throw noPod(word);
  const kind = await session.resources.find(type);
  if (kind.kind === 'Service') {
    throw new UsageError('this version of Eliot has no services', 'name the pod, or what keeps it: deploy/NAME');
  }
  if (!keepsPods.has(resourceName(kind))) throw noPod(word);
  const owner = await session.client.get<KubeObject>(kind, { namespace, name }, context.signal);
  return await chooseOf(selectorOf(owner), namespace, waitMs, context);
}

const keepsPods = new Set(['deployments.apps', 'replicasets.apps', 'replicationcontrollers']);

function noPod(word: string): UsageError {
  return new UsageError(`"${word}" is no pod`, 'name one as POD or pod/POD, or what keeps it: deploy/NAME');
}

function selectorOf({ spec }: KubeObject): string {
  const { selector } = spec as { readonly selector?: LabelSelectorObject | Readonly<Record<string, string>> };
  const isPlain = Object.values(selector ?? {}).every((value) => typeof value === 'string');
  // A ReplicationController has the labels themselves.
  const object = isPlain ? { matchLabels: selector as Readonly<Record<string, string>> } : selector;
  return formatLabelSelector(object as LabelSelectorObject);
}

async function chooseOf(
  labelSelector: string,
  namespace: string,
  waitMs: number,
  context: CommandContext,
): Promise<FoundPod> {
  const { client } = await context.session();
  const { items, metadata } = await client.list<Pod>(pods, { namespace, labelSelector }, context.signal);
  const [best] = items.toSorted(comparePods);
  if (best !== undefined) return { pod: best, candidates: items.length };
  const { resourceVersion = '' } = metadata;
  return await within(waitMs, 'timed out waiting for the condition', context, async (signal) => {
    for await (const event of client.watch<Pod>(pods, { namespace, labelSelector, resourceVersion }, signal)) {
      if (event.type === 'ADDED' || event.type === 'MODIFIED') return { pod: event.object, candidates: 1 };
    }
    signal.throwIfAborted();
    throw new UsageError('no pod has come yet', 'try again in a moment');
  });
}

/** Negative when `a` is the better one to work with, by kubectl's rules. */
export function comparePods(a: Pod, b: Pod): number {
  for (const rank of ranks) {
    const difference = rank(b) - rank(a);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** More is better; the first that differs decides. */
const ranks: readonly ((pod: Pod) => number)[] = [
  ({ spec }) => (spec.nodeName ? 1 : 0),
  ({ status }) => ['Pending', 'Unknown', 'Running'].indexOf(status?.phase ?? ''),
  (pod) => (isReady(pod) ? 1 : 0),
  // The longer ready, the better.
  (pod) => -timeMs(isReady(pod) ? readyCondition(pod)?.lastTransitionTime : undefined),
  ({ status }) => -Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount = 0 }) => restartCount)),
  ({ metadata }) => -timeMs(metadata.creationTimestamp),
];

function timeMs(time: string | undefined): number {
  return time === undefined ? 0 : Date.parse(time);
}
