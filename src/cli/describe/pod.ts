/** `describe pod`, in the order and words of kubectl. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { humanDuration } from '../../lib/human-duration.ts';
import { addContainers } from './containers.ts';
import type { DescribeInput } from './describe-input.ts';
import { addEvents } from './events.ts';
import { annotationsText, Lines, labelsText } from './lines.ts';
import { formatLocalTime } from './times.ts';
import { tolerationsText } from './tolerations.ts';
import { addVolumes } from './volumes.ts';

/** The description of a pod as the server sent it. */
export function describePod({ object, events, nowMs }: DescribeInput<KubeObject>): string {
  const pod = object as Pod;
  const lines = new Lines();
  addHead(lines, pod, nowMs);
  const { initContainers = [], containers, ephemeralContainers = [] } = pod.spec;
  const { initContainerStatuses, containerStatuses, ephemeralContainerStatuses } = pod.status ?? {};
  addContainers(lines, { title: 'Init Containers', pod, containers: initContainers, statuses: initContainerStatuses });
  addContainers(lines, { title: 'Containers', pod, containers, statuses: containerStatuses });
  const ephemeral = { containers: ephemeralContainers, statuses: ephemeralContainerStatuses };
  addContainers(lines, { title: 'Ephemeral Containers', pod, ...ephemeral });
  addConditions(lines, pod);
  addVolumes(lines, pod.spec.volumes ?? []);
  lines.field(0, 'QoS Class', pod.status?.qosClass ?? 'BestEffort');
  lines.field(0, 'Node-Selectors', labelsText(pod.spec.nodeSelector));
  lines.field(0, 'Tolerations', tolerationsText(pod.spec.tolerations ?? []));
  addEvents(lines, events, nowMs);
  return lines.toString();
}

function addHead(lines: Lines, pod: Pod, nowMs: number): void {
  const { metadata, spec, status } = pod;
  lines.field(0, 'Name', metadata.name ?? '');
  lines.field(0, 'Namespace', metadata.namespace ?? '');
  lines.field(0, 'Priority', spec.priority ?? 0);
  if (spec.priorityClassName) lines.field(0, 'Priority Class Name', spec.priorityClassName);
  if (spec.runtimeClassName) lines.field(0, 'Runtime Class Name', spec.runtimeClassName);
  lines.field(0, 'Service Account', spec.serviceAccountName ?? 'default');
  lines.field(0, 'Node', spec.nodeName ? `${spec.nodeName}/${status?.hostIP ?? ''}` : '<none>');
  if (status?.startTime !== undefined) lines.field(0, 'Start Time', formatLocalTime(status.startTime));
  lines.field(0, 'Labels', labelsText(metadata.labels));
  lines.field(0, 'Annotations', annotationsText(metadata.annotations));
  if (metadata.deletionTimestamp !== undefined) {
    const late = humanDuration(nowMs - Date.parse(metadata.deletionTimestamp));
    lines.field(0, 'Status', `Terminating (lasts ${late})`);
    lines.field(0, 'Termination Grace Period', `${metadata.deletionGracePeriodSeconds ?? 0}s`);
  } else {
    lines.field(0, 'Status', status?.phase ?? 'Unknown');
  }
  if (status?.reason) lines.field(0, 'Reason', status.reason);
  if (status?.message) lines.field(0, 'Message', status.message);
  const seccomp = spec.securityContext?.seccompProfile;
  if (seccomp !== undefined) lines.field(0, 'SeccompProfile', seccomp.type ?? '');
  lines.field(0, 'IP', status?.podIP ?? '');
  lines.list(0, 'IPs', status?.podIPs ?? [], ({ ip }) => lines.field(1, 'IP', ip ?? ''));
  const controller = metadata.ownerReferences?.find((owner) => owner.controller);
  if (controller !== undefined) lines.field(0, 'Controlled By', `${controller.kind}/${controller.name}`);
}

function addConditions(lines: Lines, pod: Pod): void {
  const conditions = pod.status?.conditions ?? [];
  if (conditions.length === 0) return;
  lines.section(0, 'Conditions', () => {
    lines.add(1, 'Type\tStatus');
    for (const { type, status } of conditions) lines.add(1, `${type} \t${status} `);
  });
}
