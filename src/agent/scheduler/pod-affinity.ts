/** Required affinity and anti-affinity to other pods, on a node that is every topology there is (interpodaffinity). Pure. */
import type { Node } from '../../api/kinds/node.ts';
import type { Affinity, Pod } from '../../api/kinds/pod/types.ts';
import { type Labels, labelSelectorFromObject, matchesLabels } from '../../api/labels.ts';
import type { Misfit } from './find-misfit.ts';

type Term = NonNullable<NonNullable<Affinity['podAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']>[number];
type NamespaceLabels = (namespace: string) => Labels | undefined;

const required = 'requiredDuringSchedulingIgnoredDuringExecution';

/** @param others pods of the node */
export function podAffinityMisfit(
  pod: Pod,
  node: Node,
  others: readonly Pod[],
  namespaceLabels: NamespaceLabels,
): Misfit | undefined {
  const labels = node.metadata.labels ?? {};
  const isHere = ({ topologyKey }: Term): boolean => labels[topologyKey] !== undefined;
  const matches = (term: Term, owner: Pod, other: Pod): boolean => selects(term, owner, other, namespaceLabels);

  const affinity = pod.spec.affinity?.podAffinity?.[required] ?? [];
  // The first pod of a group may come although nobody of the group is there yet.
  const isFirst = affinity.every(
    (term) => matches(term, pod, pod) && !others.some((other) => matches(term, pod, other)),
  );
  const isSatisfied = affinity.every(
    (term) => isHere(term) && (isFirst || others.some((other) => matches(term, pod, other))),
  );
  if (!isSatisfied) return { reasons: ["node(s) didn't match pod affinity rules"], isResolvable: false };

  const apart = (pod.spec.affinity?.podAntiAffinity?.[required] ?? []).filter(isHere);
  if (apart.some((term) => others.some((other) => matches(term, pod, other)))) {
    return { reasons: ["node(s) didn't match pod anti-affinity rules"], isResolvable: true };
  }
  const isKeptOff = others.some((other) =>
    (other.spec.affinity?.podAntiAffinity?.[required] ?? []).some((term) => isHere(term) && matches(term, other, pod)),
  );
  return isKeptOff
    ? { reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"], isResolvable: true }
    : undefined;
}

function selects(term: Term, owner: Pod, other: Pod, namespaceLabels: NamespaceLabels): boolean {
  const { namespace = '' } = other.metadata;
  const named = term.namespaces ?? [];
  const isNamespace =
    term.namespaceSelector !== undefined
      ? named.includes(namespace) ||
        matchesLabels(labelSelectorFromObject(term.namespaceSelector), namespaceLabels(namespace) ?? {})
      : named.length > 0
        ? named.includes(namespace)
        : namespace === owner.metadata.namespace;
  return isNamespace && matchesLabels(labelSelectorFromObject(term.labelSelector), other.metadata.labels);
}
