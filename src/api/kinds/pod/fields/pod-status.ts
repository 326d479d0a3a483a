/** `v1.PodStatus`, whole, as of Kubernetes 1.35. What Kubernetes always writes has its zero value as default. */
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
  time,
} from '../../../schema/field.ts';
import { always } from '../../common/object-fields.ts';
import { resourceRequirements } from './resources.ts';

const podCondition = message('io.k8s.api.core.v1.PodCondition', {
  type: required(string(1)),
  observedGeneration: int64(7),
  status: required(string(2)),
  lastProbeTime: time(3),
  lastTransitionTime: time(4),
  reason: string(5),
  message: string(6),
});

const hostIP = message('io.k8s.api.core.v1.HostIP', { ip: required(string(1)) });
const podIP = message('io.k8s.api.core.v1.PodIP', { ip: required(string(1)) });

const containerStateWaiting = message('io.k8s.api.core.v1.ContainerStateWaiting', {
  reason: string(1),
  message: string(2),
});

const containerStateRunning = message('io.k8s.api.core.v1.ContainerStateRunning', { startedAt: time(1) });

const containerStateTerminated = message('io.k8s.api.core.v1.ContainerStateTerminated', {
  exitCode: defaulted(int32(1), 0),
  signal: int32(2),
  reason: string(3),
  message: string(4),
  startedAt: time(5),
  finishedAt: time(6),
  containerID: string(7),
});

/** At most one of the three; none means waiting. */
export const containerState = message('io.k8s.api.core.v1.ContainerState', {
  waiting: object(1, containerStateWaiting),
  running: object(2, containerStateRunning),
  terminated: object(3, containerStateTerminated),
});

const volumeMountStatus = message('io.k8s.api.core.v1.VolumeMountStatus', {
  name: required(string(1)),
  mountPath: required(string(2)),
  readOnly: bool(3),
  recursiveReadOnly: string(4, { pointer: true }),
});

const linuxContainerUser = message('io.k8s.api.core.v1.LinuxContainerUser', {
  uid: defaulted(int64(1), 0),
  gid: defaulted(int64(2), 0),
  supplementalGroups: list(3, scalars.int64),
});

const containerUser = message('io.k8s.api.core.v1.ContainerUser', { linux: object(1, linuxContainerUser) });

const resourceHealth = message('io.k8s.api.core.v1.ResourceHealth', {
  resourceID: required(string(1)),
  health: string(2),
});

const resourceStatus = message('io.k8s.api.core.v1.ResourceStatus', {
  name: required(string(1)),
  // Kubernetes' strategic merge replaces this list (it has list-map keys, but no patch merge key).
  resources: list(2, resourceHealth),
});

export const containerStatus = message('io.k8s.api.core.v1.ContainerStatus', {
  name: required(string(1)),
  state: always(2, containerState),
  lastState: always(3, containerState),
  ready: defaulted(bool(4), false),
  restartCount: defaulted(int32(5), 0),
  image: defaulted(string(6), ''),
  imageID: defaulted(string(7), ''),
  containerID: string(8),
  started: bool(9, { pointer: true }),
  allocatedResources: map(10, scalars.quantity),
  resources: object(11, resourceRequirements),
  volumeMounts: listMap(12, volumeMountStatus, ['mountPath']),
  user: object(13, containerUser),
  allocatedResourcesStatus: listMap(14, resourceStatus, ['name']),
  stopSignal: string(15, { pointer: true }),
});

const podResourceClaimStatus = message('io.k8s.api.core.v1.PodResourceClaimStatus', {
  name: required(string(1)),
  resourceClaimName: string(2, { pointer: true }),
});

const containerExtendedResourceRequest = message('io.k8s.api.core.v1.ContainerExtendedResourceRequest', {
  containerName: required(string(1)),
  resourceName: required(string(2)),
  requestName: required(string(3)),
});

const podExtendedResourceClaimStatus = message('io.k8s.api.core.v1.PodExtendedResourceClaimStatus', {
  requestMappings: list(1, containerExtendedResourceRequest),
  resourceClaimName: required(string(2)),
});

export const podStatus = message('io.k8s.api.core.v1.PodStatus', {
  observedGeneration: int64(17),
  phase: string(1, { doc: 'Pending, Running, Succeeded, Failed or Unknown.' }),
  conditions: listMap(2, podCondition, ['type']),
  message: string(3),
  reason: string(4),
  nominatedNodeName: string(11),
  hostIP: string(5),
  hostIPs: listMap(16, hostIP, ['ip']),
  podIP: string(6),
  podIPs: listMap(12, podIP, ['ip']),
  startTime: time(7),
  initContainerStatuses: list(10, containerStatus),
  containerStatuses: list(8, containerStatus),
  qosClass: string(9),
  ephemeralContainerStatuses: list(13, containerStatus),
  resize: string(14),
  resourceClaimStatuses: listMap(15, podResourceClaimStatus, ['name'], { patchStrategy: 'retainKeys' }),
  extendedResourceClaimStatus: object(18, podExtendedResourceClaimStatus),
  allocatedResources: map(19, scalars.quantity),
  resources: object(20, resourceRequirements),
});
