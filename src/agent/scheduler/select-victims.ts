/** Which pods must go so that a more important one fits (defaultpreemption's SelectVictimsOnNode). Pure. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { findMisfit, type NodeView } from './find-misfit.ts';
import { NodeLoad } from './node-load.ts';

export function priorityOf(pod: Pod): number {
  return pod.spec.priority ?? 0;
}

/**
 * The fewest and least important pods whose end makes room; undefined when the end of all less important ones would not.
 * Pods that are more important, or started earlier, are spared first.
 */
export function selectVictims(pod: Pod, view: NodeView): readonly Pod[] | undefined {
  const lower = view.load.pods().filter((other) => priorityOf(other) < priorityOf(pod));
  if (lower.length === 0) return undefined;
  const load = new NodeLoad(view.load.pods());
  for (const other of lower) load.remove(other);
  const remaining = { ...view, load };
  if (findMisfit(pod, remaining) !== undefined) return undefined;
  const victims: Pod[] = [];
  for (const other of lower.sort(byImportance)) {
    load.add(other);
    if (findMisfit(pod, remaining) === undefined) continue;
    load.remove(other);
    victims.push(other);
  }
  return victims;
}

/** The most important first. */
function byImportance(a: Pod, b: Pod): number {
  const startOf = (pod: Pod): string => pod.status.startTime ?? '9999';
  return priorityOf(b) - priorityOf(a) || (startOf(a) < startOf(b) ? -1 : 1);
}
