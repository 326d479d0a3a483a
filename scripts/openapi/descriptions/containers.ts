/** Descriptions of the fields of containers, by type and field. */
import type { Descriptions } from './descriptions.ts';

const containerFields = {
  imagePullPolicy: 'When the image is pulled. Always for the tag latest or none, else IfNotPresent.',
  lifecycle: 'What is done after the start and before the stop.',
  ports: 'Ports that the container listens on. A port that is not listed is reachable all the same.',
  resizePolicy: 'Whether the container is restarted when its resources are changed in place.',
  restartPolicyRules: 'Rules by exit code that go before restartPolicy.',
  securityContext: 'Privileges of the container; goes before that of the pod.',
  stdin: 'Whether standard input is kept open for attach.',
  stdinOnce: 'Whether standard input is closed when the first client that attached is gone.',
  terminationMessagePath: 'The file whose content, when the container ends, becomes its message.',
  terminationMessagePolicy:
    'Where that message is from: File, or the end of the log when that is empty and the container failed.',
  tty: 'Whether the container has a terminal. Needs stdin.',
  volumeDevices: 'Block devices of volumes in the container.',
  volumeMounts: 'Where the volumes of the pod stand in the container.',
  workingDir: 'Working directory; that of the image when absent.',
};

const handler = {
  exec: 'A command in the container; exit code 0 is success.',
  httpGet: 'An HTTP request to the pod; a status from 200 to 399 is success.',
  sleep: 'Wait.',
  tcpSocket: 'A connection to a port; it is success when it opens.',
};

export const containerDescriptions: Descriptions = {
  'core.v1.AppArmorProfile': {
    localhostProfile: 'Name of a profile that is loaded on the device; for type Localhost.',
    type: 'RuntimeDefault, Localhost or Unconfined.',
  },
  'core.v1.Capabilities': { add: 'Capabilities to add.', drop: 'Capabilities to take away; ALL for all.' },
  'core.v1.ConfigMapKeySelector': { key: 'The key whose value is taken.' },
  'core.v1.Container': containerFields,
  'core.v1.ContainerPort': {
    containerPort: 'Number of the port in the pod, 1 to 65535.',
    hostIP: 'Address of the device that the host port is bound to; all of them when absent.',
    protocol: 'TCP, UDP or SCTP.',
  },
  'core.v1.ContainerResizePolicy': {
    resourceName: 'cpu or memory.',
    restartPolicy: 'NotRequired or RestartContainer.',
  },
  'core.v1.ContainerRestartRule': {
    action: 'What is done when the rule applies.',
    exitCodes: 'The exit codes that the rule applies to.',
  },
  'core.v1.ContainerRestartRuleOnExitCodes': { operator: 'In or NotIn.', values: 'Exit codes.' },
  'core.v1.EnvFromSource': { configMapRef: 'A ConfigMap.', secretRef: 'A Secret.' },
  'core.v1.EnvVarSource': {
    configMapKeyRef: 'A key of a ConfigMap.',
    fieldRef: 'A field of the pod.',
    fileKeyRef: 'A key of a file in an emptyDir volume.',
    resourceFieldRef: 'A limit or request of a container.',
    secretKeyRef: 'A key of a Secret.',
  },
  'core.v1.EphemeralContainer': {
    ...containerFields,
    targetContainerName: 'The container whose processes this one sees.',
  },
  'core.v1.FileKeySelector': {
    key: 'The key in the file.',
    path: 'Path of the file in the volume.',
    volumeName: 'Name of the volume.',
  },
  'core.v1.GRPCAction': { port: 'Number of the port.', service: 'Name of the service in the health request.' },
  'core.v1.HTTPGetAction': {
    httpHeaders: 'Headers of the request; a name may come again.',
    path: 'Path of the request.',
    port: 'Number or name of the port.',
    scheme: 'HTTP or HTTPS; certificates are not checked.',
  },
  'core.v1.HTTPHeader': { name: 'Name of the header.', value: 'Value of the header.' },
  'core.v1.Lifecycle': { stopSignal: 'The signal that stops the container; that of the image when absent.' },
  'core.v1.LifecycleHandler': handler,
  'core.v1.ObjectFieldSelector': { apiVersion: 'Version that fieldPath is written for.' },
  'core.v1.Probe': {
    exec: handler.exec,
    failureThreshold: 'How many failures in a row count as one.',
    grpc: 'A health request by gRPC.',
    httpGet: handler.httpGet,
    periodSeconds: 'Seconds from one probe to the next.',
    successThreshold: 'How many successes in a row, after a failure, count as one.',
    tcpSocket: handler.tcpSocket,
    terminationGracePeriodSeconds:
      'Seconds that the container has to end when the probe failed; those of the pod when absent.',
    timeoutSeconds: 'Seconds after which a probe has failed.',
  },
  'core.v1.ResourceClaim': {
    name: 'Name of a claim of the pod.',
    request: 'The request of the claim; all when absent.',
  },
  'core.v1.ResourceFieldSelector': {
    containerName: 'The container; the own one when absent.',
    divisor: 'The unit that the value is given in; 1 when absent.',
    resource: 'limits or requests of cpu, memory or ephemeral-storage, as limits.cpu.',
  },
  'core.v1.ResourceRequirements': { claims: 'Claims of the pod that the container uses.' },
  'core.v1.SELinuxOptions': {
    level: 'SELinux level.',
    role: 'SELinux role.',
    type: 'SELinux type.',
    user: 'SELinux user.',
  },
  'core.v1.SeccompProfile': {
    localhostProfile: 'File of the profile on the device; for type Localhost.',
    type: 'RuntimeDefault, Localhost or Unconfined.',
  },
  'core.v1.SecretKeySelector': { key: 'The key whose value is taken.' },
  'core.v1.SecurityContext': {
    allowPrivilegeEscalation: 'Whether a process may have more privileges than its parent. False sets no_new_privs.',
    appArmorProfile: 'AppArmor profile.',
    capabilities: 'Capabilities beyond or below those that containers have.',
    privileged: 'Whether the container is as root on the device, with all its devices.',
    procMount: 'How /proc is mounted: Default hides some of it, Unmasked does not.',
    readOnlyRootFilesystem: 'Whether the root file system is read-only.',
    runAsGroup: 'Group id of the first process.',
    runAsNonRoot: 'Refuse to start as user 0.',
    runAsUser: 'User id of the first process; that of the image when absent.',
    seLinuxOptions: 'SELinux context.',
    seccompProfile: 'Which system calls are allowed.',
    windowsOptions: 'For Windows; has no meaning on a device.',
  },
  'core.v1.SleepAction': { seconds: 'Seconds to wait.' },
  'core.v1.TCPSocketAction': { host: "Host name; the pod's address when absent.", port: 'Number or name of the port.' },
  'core.v1.VolumeDevice': { devicePath: 'Path of the device in the container.', name: 'Name of a volume of the pod.' },
  'core.v1.VolumeMount': {
    mountPropagation:
      'Whether mounts that are made later are seen on the other side: None, HostToContainer or Bidirectional.',
    recursiveReadOnly: 'Whether what is mounted below is read-only too.',
    subPath: 'Path in the volume that is mounted in place of its root.',
    subPathExpr: 'The same with $(NAME) replaced by variables of the container.',
  },
  'core.v1.WindowsSecurityContextOptions': {
    gmsaCredentialSpec: 'For Windows; has no meaning on a device.',
    gmsaCredentialSpecName: 'For Windows; has no meaning on a device.',
    hostProcess: 'For Windows; has no meaning on a device.',
    runAsUserName: 'For Windows; has no meaning on a device.',
  },
};
