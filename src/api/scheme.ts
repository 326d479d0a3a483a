/** Every kind that is served, and how it is found. Adding a kind adds a line here. */

import {
  localSubjectAccessReviewKind,
  selfSubjectAccessReviewKind,
  subjectAccessReviewKind,
} from './kinds/access-reviews.ts';
import { bundleKind } from './kinds/bundle.ts';
import { clientKind } from './kinds/client.ts';
import { configMapKind } from './kinds/config-map.ts';
import { deploymentKind } from './kinds/deployment.ts';
import { eventKind } from './kinds/event.ts';
import { imageKind } from './kinds/image.ts';
import { imageArchiveKind } from './kinds/image-archive.ts';
import { imageLayerKind } from './kinds/image-layer.ts';
import { imagePullKind } from './kinds/image-pull.ts';
import { imagePushKind } from './kinds/image-push.ts';
import { leaseKind } from './kinds/lease.ts';
import { limitRangeKind } from './kinds/limit-range.ts';
import { nodeMetricsKind, podMetricsKind } from './kinds/metrics.ts';
import { namespaceKind } from './kinds/namespace.ts';
import { newEventKind } from './kinds/new-event.ts';
import { nodeKind } from './kinds/node.ts';
import { podKind } from './kinds/pod/pod.ts';
import { podDisruptionBudgetKind } from './kinds/pod-disruption-budget.ts';
import { podSignalKind } from './kinds/pod-signal.ts';
import { priorityClassKind } from './kinds/priority-class.ts';
import { replicaSetKind } from './kinds/replica-set.ts';
import { replicationControllerKind } from './kinds/replication-controller.ts';
import { resourceQuotaKind } from './kinds/resource-quota.ts';
import { selfSubjectReviewKind, selfSubjectRulesReviewKind } from './kinds/reviews.ts';
import { runtimeClassKind } from './kinds/runtime-class.ts';
import { secretKind } from './kinds/secret.ts';
import { serviceKind } from './kinds/service.ts';
import { serviceAccountKind } from './kinds/service-account.ts';
import { tokenReviewKind } from './kinds/token-reviews.ts';
import type { KindDescription } from './schema/kind.ts';

/** All kinds, core first, then by group; within a group by resource. */
export const kinds: readonly KindDescription[] = [
  configMapKind,
  eventKind,
  limitRangeKind,
  namespaceKind,
  nodeKind,
  podKind,
  replicationControllerKind,
  resourceQuotaKind,
  secretKind,
  serviceAccountKind,
  serviceKind,
  deploymentKind,
  replicaSetKind,
  selfSubjectReviewKind,
  tokenReviewKind,
  localSubjectAccessReviewKind,
  selfSubjectAccessReviewKind,
  selfSubjectRulesReviewKind,
  subjectAccessReviewKind,
  leaseKind,
  bundleKind,
  clientKind,
  imageArchiveKind,
  imagePullKind,
  imagePushKind,
  imageLayerKind,
  imageKind,
  podSignalKind,
  nodeMetricsKind,
  podMetricsKind,
  newEventKind,
  runtimeClassKind,
  podDisruptionBudgetKind,
  priorityClassKind,
];

/** The kind that is served at `/apis/GROUP/VERSION/RESOURCE` (`group` is empty for core); undefined when none is. */
export function findKind(group: string, version: string, resource: string): KindDescription | undefined {
  return kinds.find((kind) => kind.group === group && kind.version === version && kind.resource === resource);
}

/** The kind of objects that say `apiVersion` (`v1`, `coordination.k8s.io/v1`) and `kind`; undefined when not served. */
export function findKindByName(apiVersion: string, kind: string): KindDescription | undefined {
  return kinds.find((candidate) => candidate.kind === kind && apiVersionOf(candidate) === apiVersion);
}

/** `v1` for core kinds, else `group/version`. */
export function apiVersionOf(kind: Pick<KindDescription, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}
