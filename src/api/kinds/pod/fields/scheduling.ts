/** Where a pod may run. A device has one node, so most of this is kept, checked and not acted on. */
import { int32, int64, list, message, object, required, scalars, string } from '../../../schema/field.ts';
import { labelSelector } from '../../common/references.ts';

const nodeSelectorRequirement = message('io.k8s.api.core.v1.NodeSelectorRequirement', {
  key: required(string(1)),
  operator: required(string(2)),
  values: list(3, scalars.string),
});

const nodeSelectorTerm = message('io.k8s.api.core.v1.NodeSelectorTerm', {
  matchExpressions: list(1, nodeSelectorRequirement),
  matchFields: list(2, nodeSelectorRequirement),
});

const nodeSelector = message('io.k8s.api.core.v1.NodeSelector', {
  nodeSelectorTerms: required(list(1, nodeSelectorTerm)),
});

const preferredSchedulingTerm = message('io.k8s.api.core.v1.PreferredSchedulingTerm', {
  weight: required(int32(1)),
  preference: required(object(2, nodeSelectorTerm, { atomic: true })),
});

const nodeAffinity = message('io.k8s.api.core.v1.NodeAffinity', {
  requiredDuringSchedulingIgnoredDuringExecution: object(1, nodeSelector, { atomic: true }),
  preferredDuringSchedulingIgnoredDuringExecution: list(2, preferredSchedulingTerm),
});

const podAffinityTerm = message('io.k8s.api.core.v1.PodAffinityTerm', {
  labelSelector: object(1, labelSelector, { atomic: true }),
  namespaces: list(2, scalars.string),
  topologyKey: required(string(3)),
  namespaceSelector: object(4, labelSelector, { atomic: true }),
  matchLabelKeys: list(5, scalars.string),
  mismatchLabelKeys: list(6, scalars.string),
});

const weightedPodAffinityTerm = message('io.k8s.api.core.v1.WeightedPodAffinityTerm', {
  weight: required(int32(1)),
  podAffinityTerm: required(object(2, podAffinityTerm)),
});

const podAffinity = message('io.k8s.api.core.v1.PodAffinity', {
  requiredDuringSchedulingIgnoredDuringExecution: list(1, podAffinityTerm),
  preferredDuringSchedulingIgnoredDuringExecution: list(2, weightedPodAffinityTerm),
});

const podAntiAffinity = message('io.k8s.api.core.v1.PodAntiAffinity', {
  requiredDuringSchedulingIgnoredDuringExecution: list(1, podAffinityTerm),
  preferredDuringSchedulingIgnoredDuringExecution: list(2, weightedPodAffinityTerm),
});

export const affinity = message('io.k8s.api.core.v1.Affinity', {
  nodeAffinity: object(1, nodeAffinity),
  podAffinity: object(2, podAffinity),
  podAntiAffinity: object(3, podAntiAffinity),
});

export const toleration = message('io.k8s.api.core.v1.Toleration', {
  key: string(1),
  operator: string(2),
  value: string(3),
  effect: string(4),
  tolerationSeconds: int64(5, { pointer: true }),
});

export const topologySpreadConstraint = message('io.k8s.api.core.v1.TopologySpreadConstraint', {
  maxSkew: required(int32(1)),
  topologyKey: required(string(2)),
  whenUnsatisfiable: required(string(3, { oneOf: ['DoNotSchedule', 'ScheduleAnyway'] })),
  labelSelector: object(4, labelSelector, { atomic: true }),
  minDomains: int32(5, { pointer: true }),
  nodeAffinityPolicy: string(6, { pointer: true, oneOf: ['Honor', 'Ignore'] }),
  nodeTaintsPolicy: string(7, { pointer: true, oneOf: ['Honor', 'Ignore'] }),
  matchLabelKeys: list(8, scalars.string),
});

export const podSchedulingGate = message('io.k8s.api.core.v1.PodSchedulingGate', {
  name: required(string(1)),
});

export const podResourceClaim = message('io.k8s.api.core.v1.PodResourceClaim', {
  name: required(string(1)),
  resourceClaimName: string(3, { pointer: true }),
  resourceClaimTemplateName: string(4, { pointer: true }),
});

export const workloadReference = message('io.k8s.api.core.v1.WorkloadReference', {
  name: required(string(1)),
  podGroup: required(string(2)),
  podGroupReplicaKey: string(3),
});
