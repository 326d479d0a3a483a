/** The field table of a node, as of Kubernetes 1.35. */
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
  set,
  string,
  time,
} from '../../schema/field.ts';
import { always, metadata } from '../common/object-fields.ts';

const taint = message('io.k8s.api.core.v1.Taint', {
  key: required(string(1)),
  value: string(2),
  effect: required(string(3, { oneOf: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] })),
  timeAdded: time(4),
});

const configMapNodeConfigSource = message('io.k8s.api.core.v1.ConfigMapNodeConfigSource', {
  namespace: required(string(1)),
  name: required(string(2)),
  uid: string(3),
  resourceVersion: string(4),
  kubeletConfigKey: required(string(5)),
});

const nodeConfigSource = message('io.k8s.api.core.v1.NodeConfigSource', {
  configMap: object(2, configMapNodeConfigSource),
});

const nodeSpec = message('io.k8s.api.core.v1.NodeSpec', {
  podCIDR: string(1, { doc: 'Addresses of the pods of this node.' }),
  podCIDRs: set(7, scalars.string),
  providerID: string(3),
  unschedulable: bool(4, { doc: 'No new pods are placed here.' }),
  taints: list(5, taint),
  configSource: object(6, nodeConfigSource, { doc: 'Deprecated; no longer used.' }),
  externalID: string(2, { doc: 'Deprecated; no longer used.' }),
});

const nodeCondition = message('io.k8s.api.core.v1.NodeCondition', {
  type: required(string(1)),
  status: required(string(2)),
  lastHeartbeatTime: time(3),
  lastTransitionTime: time(4),
  reason: string(5),
  message: string(6),
});

const nodeAddress = message('io.k8s.api.core.v1.NodeAddress', {
  type: required(string(1)),
  address: required(string(2)),
});

const daemonEndpoint = message('io.k8s.api.core.v1.DaemonEndpoint', {
  Port: defaulted(int32(1), 0),
});

const nodeDaemonEndpoints = message('io.k8s.api.core.v1.NodeDaemonEndpoints', {
  kubeletEndpoint: always(1, daemonEndpoint),
});

const nodeSwapStatus = message('io.k8s.api.core.v1.NodeSwapStatus', {
  capacity: int64(1, { pointer: true }),
});

const nodeSystemInfo = message('io.k8s.api.core.v1.NodeSystemInfo', {
  machineID: defaulted(string(1), ''),
  systemUUID: defaulted(string(2), ''),
  bootID: defaulted(string(3), ''),
  kernelVersion: defaulted(string(4), ''),
  osImage: defaulted(string(5), ''),
  containerRuntimeVersion: defaulted(string(6), ''),
  kubeletVersion: defaulted(string(7), ''),
  kubeProxyVersion: defaulted(string(8, { doc: 'Deprecated.' }), ''),
  operatingSystem: defaulted(string(9), ''),
  architecture: defaulted(string(10), ''),
  swap: object(11, nodeSwapStatus),
});

const containerImage = message('io.k8s.api.core.v1.ContainerImage', {
  names: list(1, scalars.string),
  sizeBytes: int64(2),
});

const attachedVolume = message('io.k8s.api.core.v1.AttachedVolume', {
  name: required(string(1)),
  devicePath: required(string(2)),
});

const nodeConfigStatus = message('io.k8s.api.core.v1.NodeConfigStatus', {
  assigned: object(1, nodeConfigSource),
  active: object(2, nodeConfigSource),
  lastKnownGood: object(3, nodeConfigSource),
  error: string(4),
});

const nodeRuntimeHandlerFeatures = message('io.k8s.api.core.v1.NodeRuntimeHandlerFeatures', {
  recursiveReadOnlyMounts: bool(1, { pointer: true }),
  userNamespaces: bool(2, { pointer: true }),
});

const nodeRuntimeHandler = message('io.k8s.api.core.v1.NodeRuntimeHandler', {
  name: defaulted(string(1), ''),
  features: object(2, nodeRuntimeHandlerFeatures),
});

const nodeFeatures = message('io.k8s.api.core.v1.NodeFeatures', {
  supplementalGroupsPolicy: bool(1, { pointer: true }),
});

const nodeStatus = message('io.k8s.api.core.v1.NodeStatus', {
  capacity: map(1, scalars.quantity, { doc: 'All resources of the node.' }),
  allocatable: map(2, scalars.quantity, { doc: 'What pods may use; the capacity when not given.' }),
  phase: string(3),
  conditions: listMap(4, nodeCondition, ['type']),
  // A node with both IP families has two addresses of one type.
  addresses: listMap(5, nodeAddress, ['type'], { uniqueKeys: false }),
  daemonEndpoints: always(6, nodeDaemonEndpoints),
  nodeInfo: always(7, nodeSystemInfo),
  images: list(8, containerImage),
  volumesInUse: list(9, scalars.string),
  volumesAttached: list(10, attachedVolume),
  config: object(11, nodeConfigStatus),
  runtimeHandlers: list(12, nodeRuntimeHandler),
  features: object(13, nodeFeatures),
  declaredFeatures: list(14, scalars.string),
});

/** `v1.Node`. */
export const nodeFields = message('io.k8s.api.core.v1.Node', {
  metadata,
  spec: always(2, nodeSpec, 'What is wanted of the node.'),
  status: always(3, nodeStatus, 'What was observed last.'),
});
