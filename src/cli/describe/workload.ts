/** `describe deployment` and `describe replicaset`, in the order and words of kubectl. */
import type { Deployment } from '../../api/kinds/deployment.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import { formatLabelSelector } from '../../api/labels.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { GroupVersionResource } from '../../api/object-client.ts';
import { pods, replicaSets } from '../../api/resources.ts';
import type { Session } from '../session.ts';
import type { DescribeInput } from './describe-input.ts';
import { addEvents } from './events.ts';
import { annotationsText, Lines, labelsText } from './lines.ts';
import { addPodTemplate, isSameTemplate } from './pod-template.ts';
import { formatLocalTime } from './times.ts';

/** The description of a Deployment; asks the device for its ReplicaSets. */
export async function describeDeployment(
  { object, events, nowMs }: DescribeInput,
  session: Session,
  signal: AbortSignal,
): Promise<string> {
  const deployment = object as unknown as Deployment;
  const { metadata, spec } = deployment;
  const { status = {} as Deployment['status'] } = deployment;
  const sets = await controlledBy<ReplicaSet>(replicaSets, object, session, signal);
  const isNew = (set: ReplicaSet): boolean => isSameTemplate(set.spec.template, spec.template);
  const lines = new Lines();
  lines.field(0, 'Name', metadata.name ?? '');
  lines.field(0, 'Namespace', metadata.namespace ?? '');
  lines.field(0, 'CreationTimestamp', formatLocalTime(metadata.creationTimestamp));
  lines.field(0, 'Labels', labelsText(metadata.labels));
  lines.field(0, 'Annotations', annotationsText(metadata.annotations));
  lines.field(0, 'Selector', formatLabelSelector(spec.selector) || '<none>');
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0, unavailableReplicas = 0 } = status;
  lines.field(
    0,
    'Replicas',
    `${spec.replicas} desired | ${updatedReplicas} updated | ${replicas} total | ${availableReplicas} available | ${unavailableReplicas} unavailable`,
  );
  lines.field(0, 'StrategyType', spec.strategy?.type ?? '');
  lines.field(0, 'MinReadySeconds', spec.minReadySeconds ?? 0);
  const rolling = spec.strategy?.rollingUpdate;
  if (rolling !== undefined) {
    const { maxUnavailable, maxSurge } = rolling;
    lines.field(0, 'RollingUpdateStrategy', `${maxUnavailable} max unavailable, ${maxSurge} max surge`);
  }
  addPodTemplate(lines, spec.template);
  addConditions(lines, status.conditions);
  if (sets.length > 0) {
    lines.field(0, 'OldReplicaSets', setsText(sets.filter((set) => !isNew(set))));
    lines.field(0, 'NewReplicaSet', setsText(sets.filter(isNew)));
  }
  addEvents(lines, events, nowMs);
  return lines.toString();
}

/** The description of a ReplicaSet; asks the device for its pods. */
export async function describeReplicaSet(
  { object, events, nowMs }: DescribeInput,
  session: Session,
  signal: AbortSignal,
): Promise<string> {
  const set = object as unknown as ReplicaSet;
  const { metadata, spec } = set;
  const own = await controlledBy<Pod>(pods, object, session, signal);
  const count = (phase: string): number => own.filter(({ status }) => status?.phase === phase).length;
  const lines = new Lines();
  lines.field(0, 'Name', metadata.name ?? '');
  lines.field(0, 'Namespace', metadata.namespace ?? '');
  lines.field(0, 'Selector', formatLabelSelector(spec.selector) || '<none>');
  lines.field(0, 'Labels', labelsText(metadata.labels));
  lines.field(0, 'Annotations', annotationsText(metadata.annotations));
  const controller = metadata.ownerReferences?.find((owner) => owner.controller);
  if (controller !== undefined) lines.field(0, 'Controlled By', `${controller.kind}/${controller.name}`);
  lines.field(0, 'Replicas', `${set.status?.replicas ?? 0} current / ${spec.replicas} desired`);
  lines.field(
    0,
    'Pods Status',
    `${count('Running')} Running / ${count('Pending')} Waiting / ${count('Succeeded')} Succeeded / ${count('Failed')} Failed`,
  );
  addPodTemplate(lines, spec.template);
  addConditions(lines, set.status?.conditions);
  addEvents(lines, events, nowMs);
  return lines.toString();
}

/** What `owner` selects and controls. */
async function controlledBy<T extends Pick<KubeObject, 'metadata'>>(
  resource: GroupVersionResource,
  owner: KubeObject,
  session: Session,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const { namespace = '', uid } = owner.metadata;
  const { selector } = (owner as KubeObject & { readonly spec: Pick<ReplicaSet['spec'], 'selector'> }).spec;
  const labelSelector = formatLabelSelector(selector);
  const { items } = await session.client.list<T>(resource, { namespace, labelSelector }, signal);
  return items.filter(({ metadata }) => metadata.ownerReferences?.some((ref) => ref.controller && ref.uid === uid));
}

type Conditions = readonly { readonly type: string; readonly status: string; readonly reason?: string }[];

function addConditions(lines: Lines, conditions: Conditions = []): void {
  if (conditions.length === 0) return;
  const rows = conditions.map(({ type, status, reason = '' }) => [`${type} `, status, reason]);
  lines.section(0, 'Conditions', () => lines.table(1, ['Type', 'Status', 'Reason'], rows));
}

function setsText(sets: readonly ReplicaSet[]): string {
  const texts = sets.map(({ metadata, spec, status }) => {
    return `${metadata.name} (${status?.replicas ?? 0}/${spec.replicas} replicas created)`;
  });
  return texts.join(', ') || '<none>';
}
