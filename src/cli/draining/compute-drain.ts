/** Which pods a drain takes off a node, and why not all of them. Pure; the words are kubectl's. */
import { isFinished } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';

export interface DrainRules {
  /** Also those that nothing makes again. */
  readonly force: boolean;
  readonly ignoreDaemonSets: boolean;
  /** Also those whose files in an emptyDir are lost. */
  readonly deleteEmptyDirData: boolean;
}

export interface DrainPlan {
  readonly pods: readonly Pod[];
  /** What a person should know; `Warning: ` comes before each. */
  readonly warnings: readonly string[];
  /** Why nothing may be taken; none when all is well. */
  readonly refusals: readonly string[];
}

type Verdict = { readonly isTaken: boolean; readonly warning?: string; readonly refusal?: string };

/** What to do with the pods of a node. */
export function computeDrain(pods: readonly Pod[], rules: DrainRules): DrainPlan {
  const judged = pods.filter((pod) => !isMirror(pod)).map((pod) => ({ pod, verdict: judge(pod, rules) }));
  const said = (what: 'warning' | 'refusal'): readonly string[] => {
    const names = new Map<string, string[]>();
    for (const { pod, verdict } of judged) {
      const text = verdict[what];
      if (text !== undefined) names.set(text, [...(names.get(text) ?? []), nameOf(pod)]);
    }
    return [...names].map(([text, list]) => `${text}: ${list.join(', ')}`).sort();
  };
  return {
    pods: judged.filter(({ verdict }) => verdict.isTaken).map(({ pod }) => pod),
    warnings: said('warning'),
    refusals: said('refusal').map((text) => `cannot delete ${text}`),
  };
}

function judge(pod: Pod, { force, ignoreDaemonSets, deleteEmptyDirData }: DrainRules): Verdict {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller);
  if (owner?.kind === 'DaemonSet' && !isFinished(pod)) {
    if (ignoreDaemonSets) return { isTaken: false, warning: 'ignoring DaemonSet-managed Pods' };
    return { isTaken: false, refusal: 'DaemonSet-managed Pods (use --ignore-daemonsets to ignore)' };
  }
  // What has ended loses nothing, and is not to be made again.
  if (isFinished(pod)) return { isTaken: true };
  const hasLocalData = pod.spec.volumes?.some(({ emptyDir }) => emptyDir !== undefined) ?? false;
  if (hasLocalData && !deleteEmptyDirData) {
    return { isTaken: false, refusal: 'Pods with local storage (use --delete-emptydir-data to override)' };
  }
  if (owner === undefined && !force) {
    return { isTaken: false, refusal: 'cannot delete Pods that declare no controller (use --force to override)' };
  }
  if (owner === undefined) return { isTaken: true, warning: 'deleting Pods that declare no controller' };
  return hasLocalData ? { isTaken: true, warning: 'deleting Pods with local storage' } : { isTaken: true };
}

function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;
}

function nameOf({ metadata }: Pod): string {
  return `${metadata.namespace}/${metadata.name}`;
}
