/** Which pods a quota counts: those in all of its scopes (Kubernetes' podMatchesScopeFunc). Pure. */
import { qosClassOf } from '../kinds/pod/qos.ts';
import type { Affinity, Pod } from '../kinds/pod/types.ts';
import type { ResourceQuota, ScopeRequirement } from '../kinds/resource-quota.ts';
import { matchesLabels } from '../labels.ts';

/** Whether the quota is about some pods only; other objects have no scopes, and such a quota counts none of them. */
export function isScoped(quota: ResourceQuota): boolean {
  return requirementsOf(quota).length > 0;
}

/** Whether the quota counts the pod. */
export function selectsPod(quota: ResourceQuota, pod: Pod): boolean {
  return requirementsOf(quota).every((requirement) => meets(pod, requirement));
}

function requirementsOf({ spec }: ResourceQuota): readonly ScopeRequirement[] {
  const scopes = (spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }));
  return [...scopes, ...(spec.scopeSelector?.matchExpressions ?? [])];
}

function meets(pod: Pod, { scopeName, operator, values = [] }: ScopeRequirement): boolean {
  switch (scopeName) {
    case 'Terminating':
      return isTerminating(pod);
    case 'NotTerminating':
      return !isTerminating(pod);
    case 'BestEffort':
      return qosClassOf(pod) === 'BestEffort';
    case 'NotBestEffort':
      return qosClassOf(pod) !== 'BestEffort';
    case 'PriorityClass':
      return isOfClass(pod, operator, values);
    case 'CrossNamespacePodAffinity':
      return looksAtOtherNamespaces(pod.spec.affinity);
    default:
      // A scope of other objects.
      return false;
  }
}

/** Whether the pod is to end by itself some time; not whether it is being deleted. */
function isTerminating({ spec }: Pod): boolean {
  return spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0;
}

/** Validation lets no other operator pass. */
function isOfClass({ spec }: Pod, operator: string, values: readonly string[]): boolean {
  const key = 'PriorityClass';
  const labels: Readonly<Record<string, string>> = spec.priorityClassName ? { [key]: spec.priorityClassName } : {};
  return matchesLabels([{ key, operator: operator as 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', values }], labels);
}

function looksAtOtherNamespaces({ podAffinity, podAntiAffinity }: Affinity = {}): boolean {
  return [podAffinity, podAntiAffinity]
    .flatMap((affinity) => [
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
        ({ podAffinityTerm }) => podAffinityTerm,
      ),
    ])
    .some(({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || namespaceSelector !== undefined);
}
