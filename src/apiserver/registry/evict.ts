/** Evicting a pod: deleting it as its disruption budget allows (`pods/eviction`). */
import type { Pod, PodCondition } from '../../api/kinds/pod/types.ts';
import {
  type PodDisruptionBudget,
  podDisruptionBudgetKind,
  selectsPod,
} from '../../api/kinds/pod-disruption-budget.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { DeleteOptions, ObjectKey } from '../../api/object-client.ts';
import { formatTime } from '../../lib/clock.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { AnyKind, RegistryDeps, WriteContext } from './context.ts';
import { checkDeletePreconditions, deleteObject } from './delete.ts';
import { isFreeToGo, mayBecomeHealthy, stillProcessed, takeDisruption, takesNothing } from './disruption-budget.ts';
import { readAll } from './list.ts';
import { loadObject } from './load.ts';
import { updateObject } from './update.ts';

const maxAttempts = 20;

/** `Ambiguous`: several budgets select the pod, which Kubernetes refuses with a Status of its own. */
export type Eviction = 'Evicted' | 'Ambiguous';

export interface EvictionRequest {
  readonly key: ObjectKey;
  readonly options: DeleteOptions;
}

/**
 * Takes one disruption from the pod's budget, marks the pod as disrupted and starts its deletion. A pod that nobody
 * counts on goes without asking.
 *
 * @param kind that of pods
 * @throws StatusError NotFound, Conflict (a precondition does not hold), TooManyRequests (the budget is used up)
 */
export async function evictPod(
  deps: RegistryDeps,
  kind: AnyKind,
  request: EvictionRequest,
  context: WriteContext,
): Promise<Eviction> {
  const { key, options } = request;
  for (let attempt = 1; ; attempt += 1) {
    const pod = (await loadObject(deps, kind, key)).object as Pod;
    // Before anything is taken from a budget for it.
    checkDeletePreconditions(kind, pod, options);
    if (!isFreeToGo(pod)) return evictCounted(deps, kind, pod, request, context);
    try {
      await markAndDelete(deps, kind, key, mayBecomeHealthy(pod) ? atVersion(options, pod) : options, context);
      return 'Evicted';
    } catch (error) {
      // It changed meanwhile: perhaps it is counted on now.
      const isOurs = options.preconditions?.resourceVersion === undefined;
      if (!isOurs || attempt === maxAttempts || !isStatusError(error, 'Conflict')) throw error;
    }
  }
}

async function evictCounted(
  deps: RegistryDeps,
  kind: AnyKind,
  pod: Pod,
  { key, options }: EvictionRequest,
  context: WriteContext,
): Promise<Eviction> {
  const budgets = (await readAll(deps, podDisruptionBudgetKind, key.namespace)) as readonly PodDisruptionBudget[];
  const [budget, ...others] = budgets.filter((each) => selectsPod(each, pod));
  if (others.length > 0) return 'Ambiguous';
  if (budget === undefined) {
    await markAndDelete(deps, kind, key, options, context);
    return 'Evicted';
  }
  if (!takesNothing(pod, budget)) {
    await take(deps, budget, key, context);
    await markAndDelete(deps, kind, key, options, context);
    return 'Evicted';
  }
  try {
    // Were it ready by now, it would have to be counted.
    await markAndDelete(deps, kind, key, atVersion(options, pod), context);
    return 'Evicted';
  } catch (error) {
    const isOurs = options.preconditions?.resourceVersion === undefined;
    throw isOurs && isStatusError(error, 'Conflict') ? stillProcessed(budget.metadata.name ?? '') : error;
  }
}

/** By compare-and-swap: two evictions at once never get the same disruption. */
async function take(
  deps: RegistryDeps,
  { metadata }: PodDisruptionBudget,
  key: ObjectKey,
  context: WriteContext,
): Promise<void> {
  const budgetKey = { ...key, name: metadata.name ?? '' };
  const change = (current: KubeObject): KubeObject =>
    takeDisruption(current as PodDisruptionBudget, key.name, formatTime(deps.clock.now()));
  await updateObject(deps, podDisruptionBudgetKind, { key: budgetKey, subresource: 'status', change }, context);
}

function atVersion(options: DeleteOptions, { metadata: { resourceVersion } }: Pod): DeleteOptions {
  if (resourceVersion === undefined || options.preconditions?.resourceVersion !== undefined) return options;
  return { ...options, preconditions: { ...options.preconditions, resourceVersion } };
}

/** Says in the pod's conditions why it ends, which Jobs for example read, and deletes it. */
async function markAndDelete(
  deps: RegistryDeps,
  kind: AnyKind,
  key: ObjectKey,
  options: DeleteOptions,
  context: WriteContext,
): Promise<void> {
  if (context.dryRun) {
    await deleteObject(deps, kind, key, { ...options, dryRun: true }, context.user);
    return;
  }
  const change = (current: KubeObject): KubeObject => {
    checkDeletePreconditions(kind, current, options);
    return withDisruptionTarget(current as Pod, formatTime(deps.clock.now()));
  };
  const { object } = await updateObject(deps, kind, { key, subresource: 'status', change }, context);
  const { resourceVersion } = object.metadata;
  // The version that was asked for has just become this one.
  const isBound = options.preconditions?.resourceVersion !== undefined && resourceVersion !== undefined;
  const preconditions = isBound ? { ...options.preconditions, resourceVersion } : options.preconditions;
  await deleteObject(deps, kind, key, { ...options, ...(preconditions ? { preconditions } : {}) }, context.user);
}

function withDisruptionTarget(pod: Pod, now: string): Pod {
  const wanted = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  };
  const all = pod.status.conditions ?? [];
  const before = all.find(({ type }) => type === wanted.type);
  const since = before?.status === wanted.status ? before.lastTransitionTime : undefined;
  const next: PodCondition = { ...wanted, lastTransitionTime: since ?? now };
  return { ...pod, status: { ...pod.status, conditions: [...all.filter((each) => each !== before), next] } };
}
