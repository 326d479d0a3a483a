/** The columns of `kubectl get pods`. */
import type { Cell, Column } from '../../schema/kind.ts';
import { age, ageColumn, column, nameColumn, orNone, since, wideColumn } from '../common/columns.ts';
import { summarizePod } from './status-word.ts';
import type { Pod } from './types.ts';

export const podColumns: readonly Column[] = [
  nameColumn,
  column('Ready', 'string', 'How many of its containers are ready.'),
  column('Status', 'string', 'What its containers do, in one word.'),
  column('Restarts', 'string', 'How often its containers were started again, and when last.'),
  ageColumn,
  wideColumn('IP', 'string', 'Address of the pod.'),
  wideColumn('Node', 'string', 'The node that runs the pod.'),
  wideColumn('Nominated Node', 'string', 'The node that is kept for the pod.'),
  wideColumn('Readiness Gates', 'string', 'How many of its own readiness conditions hold.'),
];

export function podRow(pod: Pod, nowMs: number): readonly Cell[] {
  const { word, ready, total, restarts, lastRestartAt } = summarizePod(pod);
  return [
    pod.metadata.name ?? '',
    `${ready}/${total}`,
    word,
    restarts > 0 && lastRestartAt !== undefined ? `${restarts} (${since(lastRestartAt, nowMs)} ago)` : `${restarts}`,
    age(pod, nowMs),
    orNone(pod.status.podIPs?.[0]?.ip),
    orNone(pod.spec.nodeName),
    orNone(pod.status.nominatedNodeName),
    readinessGates(pod),
  ];
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const held = gates.filter(({ conditionType }) =>
    status.conditions?.some(({ type, status: value }) => type === conditionType && value === 'True'),
  );
  return `${held.length}/${gates.length}`;
}
