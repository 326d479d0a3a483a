/** Whether a node is one that a pod wants: nodeSelector and required node affinity (component-helpers nodeaffinity). Pure. */
import type { Node } from '../../api/kinds/node.ts';
import type { Affinity, Pod } from '../../api/kinds/pod/types.ts';
import { type LabelOperator, type Labels, matchesLabels } from '../../api/label-requirement.ts';

type NodeSelectorTerm = NonNullable<
  NonNullable<
    NonNullable<Affinity['nodeAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']
  >['nodeSelectorTerms']
>[number];
type Requirement = NonNullable<NodeSelectorTerm['matchExpressions']>[number];

/** One term is enough; within a term everything must hold, and a term without requirements holds for no node. */
export function wantsNode(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  if (Object.entries(pod.spec.nodeSelector ?? {}).some(([key, value]) => labels[key] !== value)) return false;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  const fields = { 'metadata.name': node.metadata.name ?? '' };
  return (required.nodeSelectorTerms ?? []).some((term) => {
    const { matchExpressions = [], matchFields = [] } = term;
    if (matchExpressions.length + matchFields.length === 0) return false;
    return holdAll(matchExpressions, labels) && holdAll(matchFields, fields);
  });
}

/** Stored pods were checked when they were written, so a requirement is taken as it is. */
function holdAll(requirements: readonly Requirement[], labels: Labels): boolean {
  return matchesLabels(
    requirements.map(({ key, operator, values }) => ({
      key,
      operator: operator as LabelOperator,
      values: values ?? [],
    })),
    labels,
  );
}
