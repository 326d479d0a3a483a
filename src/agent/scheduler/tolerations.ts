/** Which taints of a node a pod puts up with (v1.Toleration.ToleratesTaint). Pure. */
import type { Taint } from '../../api/kinds/node.ts';
import type { Toleration } from '../../api/kinds/pod/types.ts';

/** An empty effect means every effect, an empty key with `Exists` every key. */
function tolerates({ key, effect, operator, value }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  return (operator === undefined || operator === '' || operator === 'Equal') && (value ?? '') === (taint.value ?? '');
}

/** The first taint that keeps the pod off, or drives it off, the node. */
export function untoleratedTaint(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  effects: readonly string[],
): Taint | undefined {
  return taints.find(
    (taint) => effects.includes(taint.effect) && !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

/**
 * How long a pod may stay on a node with these NoExecute taints: 0 when one of them is not tolerated, undefined for ever,
 * else the shortest time that its tolerations give.
 */
export function staySeconds(taints: readonly Taint[], tolerations: readonly Toleration[]): number | undefined {
  let shortest: number | undefined;
  for (const taint of taints.filter(({ effect }) => effect === 'NoExecute')) {
    // The first that tolerates it counts (v1helper.GetMatchingTolerations), whatever others would give.
    const matching = tolerations.find((toleration) => tolerates(toleration, taint));
    if (matching === undefined) return 0;
    if (matching.tolerationSeconds === undefined) continue;
    shortest = Math.min(shortest ?? Infinity, Math.max(0, Number(matching.tolerationSeconds)));
  }
  return shortest;
}
