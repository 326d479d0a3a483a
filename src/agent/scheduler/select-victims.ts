/** Which pods must go so that a more important one fits (defaultpreemption's SelectVictimsOnNode). Pure. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { type PodDisruptionBudget, selectsPod } from '../../api/kinds/pod-disruption-budget.ts';
import { findMisfit, type NodeView } from './find-misfit.ts';
import { NodeLoad } from './node-load.ts';

export function priorityOf(pod: Pod): number {
  return pod.spec.priority ?? 0;
}

/**
 * The fewest and least important pods whose end makes room; undefined when the end of all less important ones would not.
 * Spared first are those whose disruption budget would be violated, then the more important, then those that started
 * earlier. A budget is no more than that here: a pod that no other choice spares goes all the same.
 */
export function selectVictims(
  pod: Pod,
  view: NodeView,
  budgets: readonly PodDisruptionBudget[],
): readonly Pod[] | undefined {
  const lower = view.load.pods().filter((other) => priorityOf(other) < priorityOf(pod));
  if (lower.length === 0) return undefined;
  const load = new NodeLoad(view.load.pods());
  for (const other of lower) load.remove(other);
  const remaining = { ...view, load };
  if (findMisfit(pod, remaining) !== undefined) return undefined;
  const victims: Pod[] = [];
  for (const other of violatingFirst(lower.sort(byImportance), budgets)) {
    load.add(other);
    if (findMisfit(pod, remaining) === undefined) continue;
    load.remove(other);
    victims.push(other);
  }
  return victims;
}

/** Those that a budget cannot spare, then the others, each in their order: budgets are taken from in that order too. */
function violatingFirst(pods: readonly Pod[], budgets: readonly PodDisruptionBudget[]): readonly Pod[] {
  const allowed = new Map(budgets.map((budget) => [budget, budget.status.disruptionsAllowed]));
  const isViolating = new Set(
    pods.filter((pod) => {
      const { name = '' } = pod.metadata;
      const left = budgets
        // One that the API has granted is counted in the budget already.
        .filter((budget) => selectsPod(budget, pod) && !(name in (budget.status.disruptedPods ?? {})))
        .map((budget) => {
          const rest = (allowed.get(budget) ?? 0) - 1;
          allowed.set(budget, rest);
          return rest;
        });
      return left.some((rest) => rest < 0);
    }),
  );
  return [...isViolating, ...pods.filter((pod) => !isViolating.has(pod))];
}

/** The most important first. */
function byImportance(a: Pod, b: Pod): number {
  const startOf = (pod: Pod): string => pod.status.startTime ?? '9999';
  return priorityOf(b) - priorityOf(a) || (startOf(a) < startOf(b) ? -1 : 1);
}
