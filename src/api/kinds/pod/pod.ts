/** `v1.Pod`: containers that live and die together. */
import { allVerbs, type KindDescription } from '../../schema/kind.ts';
import { podFields } from './fields/pod.ts';
import { keepPodObservation } from './keep-observation.ts';
import { normalizePod, preparePodForCreate, preparePodForUpdate } from './normalize.ts';
import { validatePipes } from './pipes.ts';
import { podColumns, podRow } from './row.ts';
import { preparePodForStatusUpdate } from './status-update.ts';
import type { Pod } from './types.ts';
import { validatePodCreate } from './validation/ephemeral-containers.ts';
import { validatePod } from './validation/pod.ts';
import { validatePodUpdate } from './validation/pod-update.ts';

export const podKind: KindDescription<typeof podFields, Pod> = {
  group: '',
  version: 'v1',
  kind: 'Pod',
  resource: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [
    { name: 'attach', verbs: ['create', 'get'], kind: 'PodAttachOptions' },
    { name: 'binding', verbs: ['create'], kind: 'Binding' },
    { name: 'ephemeralcontainers', verbs: ['get', 'patch', 'update'], kind: 'Pod' },
    { name: 'eviction', verbs: ['create'], kind: 'Eviction', group: 'policy', version: 'v1' },
    { name: 'exec', verbs: ['create', 'get'], kind: 'PodExecOptions' },
    { name: 'log', verbs: ['get'], kind: 'Pod' },
    { name: 'portforward', verbs: ['create', 'get'], kind: 'PodPortForwardOptions' },
    { name: 'status', verbs: ['get', 'patch', 'update'], kind: 'Pod' },
  ],
  fields: podFields,
  storage: 'split',
  initialStatus: { phase: 'Pending' },
  hasGeneration: true,
  normalize: normalizePod,
  prepareForCreate: preparePodForCreate,
  prepareForUpdate: preparePodForUpdate,
  // Old kubelets garbled them.
  metadataKeptByStatus: ['ownerReferences'],
  prepareForStatusUpdate: preparePodForStatusUpdate,
  validate: validatePod,
  validateCreate: (pod) => [...validatePodCreate(pod), ...validatePipes(pod, '')],
  validateUpdate: validatePodUpdate,
  keepObservation: keepPodObservation,
  columns: podColumns,
  row: podRow,
  selectableFields: {
    'spec.nodeName': (pod) => pod.spec.nodeName ?? '',
    'spec.restartPolicy': (pod) => pod.spec.restartPolicy,
    'spec.schedulerName': (pod) => pod.spec.schedulerName,
    'spec.serviceAccountName': (pod) => pod.spec.serviceAccountName ?? '',
    'spec.hostNetwork': (pod) => String(pod.spec.hostNetwork ?? false),
    'status.phase': (pod) => pod.status.phase ?? '',
    'status.podIP': (pod) => pod.status.podIP ?? '',
    'status.nominatedNodeName': (pod) => pod.status.nominatedNodeName ?? '',
  },
};
