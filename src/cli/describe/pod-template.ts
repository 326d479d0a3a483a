/** The template that a Deployment or ReplicaSet makes its pods from. */
import { isDeepStrictEqual } from 'node:util';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ObjectMeta } from '../../api/meta.ts';
import { addContainers } from './containers.ts';
import { annotationsText, type Lines, labelsText } from './lines.ts';
import { tolerationsText } from './tolerations.ts';
import { addVolumes } from './volumes.ts';

export interface PodTemplate {
  readonly metadata?: ObjectMeta;
  readonly spec: Pod['spec'];
}

/** `Pod Template:` with what its pods shall be, as kubectl lays it out. */
export function addPodTemplate(lines: Lines, { metadata = {}, spec }: PodTemplate): void {
  lines.add(0, 'Pod Template:');
  lines.field(1, 'Labels', labelsText(metadata.labels));
  if (Object.keys(metadata.annotations ?? {}).length > 0) {
    lines.field(1, 'Annotations', annotationsText(metadata.annotations));
  }
  if (spec.serviceAccountName) lines.field(1, 'Service Account', spec.serviceAccountName);
  addContainers(lines, { title: 'Init Containers', containers: spec.initContainers ?? [] });
  addContainers(lines, { title: 'Containers', containers: spec.containers });
  addVolumes(lines, spec.volumes ?? [], true);
  if (spec.priorityClassName) lines.field(1, 'Priority Class Name', spec.priorityClassName);
  lines.field(1, 'Node-Selectors', labelsText(spec.nodeSelector));
  lines.field(1, 'Tolerations', tolerationsText(spec.tolerations ?? []));
}

/** A ReplicaSet's own, so that its pods are told from those of others; no part of what was asked for. */
const hashLabel = 'pod-template-hash';

/** Whether both make the same pods. */
export function isSameTemplate(a: PodTemplate, b: PodTemplate): boolean {
  return isDeepStrictEqual(withoutHash(a), withoutHash(b));
}

/** The template as it stands in a Deployment. */
export function withoutHash({ metadata = {}, spec }: PodTemplate): PodTemplate {
  const { [hashLabel]: _hash, ...labels } = metadata.labels ?? {};
  return { metadata: { ...metadata, labels }, spec };
}
