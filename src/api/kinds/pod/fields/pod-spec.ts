/** `v1.PodSpec`, whole, as of Kubernetes 1.35. */
import {
  bool,
  defaulted,
  int32,
  int64,
  list,
  listMap,
  map,
  message,
  object,
  required,
  scalars,
  string,
} from '../../../schema/field.ts';
import { always } from '../../common/object-fields.ts';
import { localObjectReference } from '../../common/references.ts';
import { container, ephemeralContainer } from './container.ts';
import { resourceRequirements } from './resources.ts';
import {
  affinity,
  podResourceClaim,
  podSchedulingGate,
  toleration,
  topologySpreadConstraint,
  workloadReference,
} from './scheduling.ts';
import { podSecurityContext } from './security.ts';
import { volume } from './volume.ts';

const hostAlias = message('io.k8s.api.core.v1.HostAlias', {
  ip: required(string(1)),
  hostnames: list(2, scalars.string),
});

const podDNSConfigOption = message('io.k8s.api.core.v1.PodDNSConfigOption', {
  name: string(1),
  value: string(2, { pointer: true }),
});

const podDNSConfig = message('io.k8s.api.core.v1.PodDNSConfig', {
  nameservers: list(1, scalars.string),
  searches: list(2, scalars.string),
  options: list(3, podDNSConfigOption),
});

const podReadinessGate = message('io.k8s.api.core.v1.PodReadinessGate', {
  conditionType: required(string(1)),
});

const podOS = message('io.k8s.api.core.v1.PodOS', {
  name: required(string(1, { oneOf: ['linux', 'windows'] })),
});

export const podSpec = message('io.k8s.api.core.v1.PodSpec', {
  volumes: listMap(1, volume, ['name'], { patchStrategy: 'retainKeys', doc: 'What containers may mount.' }),
  initContainers: listMap(20, container, ['name'], { doc: 'Run one after the other before the containers.' }),
  containers: required(listMap(2, container, ['name'], { doc: 'The containers; at least one.' })),
  ephemeralContainers: listMap(34, ephemeralContainer, ['name']),
  restartPolicy: defaulted(
    string(3, { oneOf: ['Always', 'OnFailure', 'Never'], doc: 'When an ended container is started again.' }),
    'Always',
  ),
  terminationGracePeriodSeconds: defaulted(
    int64(4, { pointer: true, doc: 'Seconds from asking the pod to end until it is killed.' }),
    30,
  ),
  activeDeadlineSeconds: int64(5, { pointer: true, doc: 'Seconds the pod may run before it is failed.' }),
  dnsPolicy: defaulted(
    string(6, { oneOf: ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'] }),
    'ClusterFirst',
  ),
  nodeSelector: map(7, scalars.string, { atomic: true }),
  serviceAccountName: string(8),
  serviceAccount: string(9, { doc: 'Deprecated name of serviceAccountName.' }),
  automountServiceAccountToken: bool(21, { pointer: true }),
  nodeName: string(10, { doc: 'The node that runs the pod.' }),
  hostNetwork: bool(11, { doc: "Use the device's network." }),
  hostPID: bool(12, { doc: "Use the device's process ids." }),
  hostIPC: bool(13, { doc: "Use the device's IPC." }),
  shareProcessNamespace: bool(27, { pointer: true }),
  securityContext: always(14, podSecurityContext, 'Security settings for all containers.'),
  imagePullSecrets: listMap(15, localObjectReference, ['name'], { uniqueKeys: false }),
  hostname: string(16),
  subdomain: string(17),
  affinity: object(18, affinity),
  schedulerName: defaulted(string(19), 'default-scheduler'),
  tolerations: list(22, toleration),
  hostAliases: listMap(23, hostAlias, ['ip'], { uniqueKeys: false, doc: "Lines for the containers' hosts file." }),
  priorityClassName: string(24),
  priority: int32(25, { pointer: true }),
  dnsConfig: object(26, podDNSConfig),
  readinessGates: list(28, podReadinessGate),
  runtimeClassName: string(29, { pointer: true }),
  enableServiceLinks: defaulted(bool(30, { pointer: true }), true),
  preemptionPolicy: string(31, { pointer: true, oneOf: ['PreemptLowerPriority', 'Never'] }),
  overhead: map(32, scalars.quantity),
  topologySpreadConstraints: listMap(33, topologySpreadConstraint, ['topologyKey', 'whenUnsatisfiable']),
  setHostnameAsFQDN: bool(35, { pointer: true }),
  os: object(36, podOS),
  hostUsers: bool(37, { pointer: true }),
  schedulingGates: listMap(38, podSchedulingGate, ['name']),
  resourceClaims: listMap(39, podResourceClaim, ['name'], { patchStrategy: 'retainKeys' }),
  resources: object(40, resourceRequirements, { doc: 'Resources of the pod as a whole.' }),
  hostnameOverride: string(41, { pointer: true }),
  workloadRef: object(42, workloadReference),
});
