/** Probes and lifecycle hooks: what is asked of a container, and when. */
import {
  defaulted,
  inline,
  int32,
  int64,
  intOrString,
  list,
  message,
  object,
  required,
  scalars,
  string,
} from '../../../schema/field.ts';

const execAction = message('io.k8s.api.core.v1.ExecAction', {
  command: list(1, scalars.string, { doc: 'Command line, run without a shell. Exit code 0 is success.' }),
});

const httpHeader = message('io.k8s.api.core.v1.HTTPHeader', {
  name: required(string(1)),
  value: defaulted(string(2), ''),
});

const httpGetAction = message('io.k8s.api.core.v1.HTTPGetAction', {
  path: defaulted(string(1), '/'),
  port: required(intOrString(2)),
  host: string(3, { doc: 'Host to ask; the IP of the pod when empty.' }),
  scheme: defaulted(string(4, { oneOf: ['HTTP', 'HTTPS'] }), 'HTTP'),
  httpHeaders: list(5, httpHeader),
});

const tcpSocketAction = message('io.k8s.api.core.v1.TCPSocketAction', {
  port: required(intOrString(1)),
  host: string(2),
});

const grpcAction = message('io.k8s.api.core.v1.GRPCAction', {
  port: required(int32(1)),
  service: defaulted(string(2, { pointer: true }), ''),
});

const probeHandler = message('io.k8s.api.core.v1.ProbeHandler', {
  exec: object(1, execAction),
  httpGet: object(2, httpGetAction),
  tcpSocket: object(3, tcpSocketAction),
  grpc: object(4, grpcAction),
});

export const probe = message('io.k8s.api.core.v1.Probe', {
  handler: inline(1, probeHandler),
  initialDelaySeconds: int32(2, { doc: 'Seconds after the start before the first probe.' }),
  timeoutSeconds: defaulted(int32(3), 1),
  periodSeconds: defaulted(int32(4), 10),
  successThreshold: defaulted(int32(5), 1),
  failureThreshold: defaulted(int32(6), 3),
  terminationGracePeriodSeconds: int64(7, { pointer: true }),
});

const sleepAction = message('io.k8s.api.core.v1.SleepAction', {
  seconds: defaulted(int64(1), 0),
});

const lifecycleHandler = message('io.k8s.api.core.v1.LifecycleHandler', {
  exec: object(1, execAction),
  httpGet: object(2, httpGetAction),
  tcpSocket: object(3, tcpSocketAction),
  sleep: object(4, sleepAction),
});

export const lifecycle = message('io.k8s.api.core.v1.Lifecycle', {
  postStart: object(1, lifecycleHandler, { doc: 'Runs right after the container is created.' }),
  preStop: object(2, lifecycleHandler, { doc: 'Runs before the container is told to end.' }),
  stopSignal: string(3, { pointer: true, doc: 'Dropped when it is written: the image names the signal.' }),
});
