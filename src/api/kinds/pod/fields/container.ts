/** `v1.Container` and `v1.EphemeralContainer`. */
import {
  bool,
  defaulted,
  inline,
  int32,
  list,
  listMap,
  message,
  object,
  required,
  scalars,
  set,
  string,
} from '../../../schema/field.ts';
import { always } from '../../common/object-fields.ts';
import { envFromSource, envVar } from './env.ts';
import { lifecycle, probe } from './probe.ts';
import { defaultPullPolicy } from './pull-policy.ts';
import { containerResizePolicy, resourceRequirements } from './resources.ts';
import { securityContext } from './security.ts';

export const containerPort = message('io.k8s.api.core.v1.ContainerPort', {
  name: string(1, { doc: 'A name that services and probes may use.' }),
  hostPort: int32(2, { doc: 'Port of the device that leads to this one.' }),
  containerPort: required(int32(3)),
  protocol: defaulted(string(4, { oneOf: ['SCTP', 'TCP', 'UDP'] }), 'TCP'),
  hostIP: string(5),
});

export const volumeMount = message('io.k8s.api.core.v1.VolumeMount', {
  name: required(string(1, { doc: 'Name of a volume of the pod.' })),
  readOnly: bool(2),
  recursiveReadOnly: string(7, { pointer: true, oneOf: ['Disabled', 'Enabled', 'IfPossible'] }),
  mountPath: required(string(3, { doc: 'Where the volume stands in the container.' })),
  subPath: string(4),
  mountPropagation: string(5, { pointer: true, oneOf: ['Bidirectional', 'HostToContainer', 'None'] }),
  subPathExpr: string(6),
});

const volumeDevice = message('io.k8s.api.core.v1.VolumeDevice', {
  name: required(string(1)),
  devicePath: required(string(2)),
});

const containerRestartRuleOnExitCodes = message('io.k8s.api.core.v1.ContainerRestartRuleOnExitCodes', {
  operator: required(string(1, { oneOf: ['In', 'NotIn'] })),
  values: set(2, scalars.int32),
});

const containerRestartRule = message('io.k8s.api.core.v1.ContainerRestartRule', {
  action: required(string(1, { oneOf: ['Restart', 'RestartAllContainers'] })),
  exitCodes: object(2, containerRestartRuleOnExitCodes),
});

/** The same fields in a container and in an ephemeral container. */
const containerFields = {
  name: required(string(1, { doc: 'Name of the container, a DNS label, unique in the pod.' })),
  image: string(2, { doc: 'Image name.' }),
  command: list(3, scalars.string, { doc: "Replaces the image's entrypoint. $(NAME) is expanded." }),
  args: list(4, scalars.string, { doc: "Replaces the image's arguments. $(NAME) is expanded." }),
  workingDir: string(5),
  // Kubernetes takes lists with repeated ports, variables and mount paths as they are, or says so in its own words.
  ports: listMap(6, containerPort, ['containerPort', 'protocol'], { uniqueKeys: false }),
  envFrom: list(19, envFromSource, { doc: 'Sources whose keys all become variables.' }),
  env: listMap(7, envVar, ['name'], { uniqueKeys: false, doc: 'Environment variables.' }),
  resources: always(8, resourceRequirements, 'Compute resources.'),
  resizePolicy: list(23, containerResizePolicy),
  restartPolicy: string(24, { pointer: true, doc: 'Always, in an init container, makes it a sidecar.' }),
  restartPolicyRules: list(25, containerRestartRule),
  volumeMounts: listMap(9, volumeMount, ['mountPath'], { uniqueKeys: false }),
  volumeDevices: listMap(21, volumeDevice, ['devicePath']),
  livenessProbe: object(10, probe, { doc: 'The container is restarted when it fails.' }),
  readinessProbe: object(11, probe, { doc: 'The pod is not ready while it fails.' }),
  startupProbe: object(22, probe, { doc: 'Holds the other probes back until it succeeds.' }),
  lifecycle: object(12, lifecycle),
  terminationMessagePath: defaulted(string(13), '/dev/termination-log'),
  terminationMessagePolicy: defaulted(string(20, { oneOf: ['File', 'FallbackToLogsOnError'] }), 'File'),
  imagePullPolicy: defaulted(string(14, { oneOf: ['Always', 'IfNotPresent', 'Never'] }), defaultPullPolicy),
  securityContext: object(15, securityContext),
  stdin: bool(16),
  stdinOnce: bool(17),
  tty: bool(18),
} as const;

export const container = message('io.k8s.api.core.v1.Container', containerFields);

const ephemeralContainerCommon = message('io.k8s.api.core.v1.EphemeralContainerCommon', containerFields);

export const ephemeralContainer = message('io.k8s.api.core.v1.EphemeralContainer', {
  ephemeralContainerCommon: inline(1, ephemeralContainerCommon),
  targetContainerName: string(2),
});
