/** Which container of a pod a log, an exec or an attach is about, in the kubelet's words when there is none. */
import type { ContainerStatus, Pod } from '../../api/kinds/pod/types.ts';
import { StatusError } from '../../lib/status-error.ts';
import { containersNamed, type ObservedContainer, type ObservedPod } from '../observed-pod.ts';

/** What of a container's spec matters to its streams. */
export interface ContainerTerminal {
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** @throws StatusError BadRequest when the pod has no container of that name */
export function containerTerminal(pod: Pod, name: string): ContainerTerminal {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const container = [...containers, ...initContainers, ...ephemeralContainers].find((other) => other.name === name);
  if (!container) {
    throw new StatusError('BadRequest', `container ${name} is not valid for pod ${pod.metadata.name}`);
  }
  return { stdin: container.stdin === true, tty: container.tty === true };
}

/** @throws StatusError NotFound when none of that name runs */
export function runningContainer(observed: ObservedPod | undefined, name: string): ObservedContainer {
  const running = observed && containersNamed(observed, name).find((container) => container.state === 'Running');
  if (running) return running;
  throw new StatusError('NotFound', `unable to upgrade connection: container not found ("${name}")`);
}

/**
 * The container whose log is meant (the kubelet's `validateContainerLogStatus`): the running one, else the last one that
 * ended; with `previous` the one before.
 *
 * @throws StatusError BadRequest when there is none
 */
export function containerWithLog(
  pod: Pod,
  observed: ObservedPod | undefined,
  name: string,
  previous: boolean,
): ObservedContainer {
  const known = observed ? containersNamed(observed, name) : [];
  // What runs now is newer than what the status says.
  const running = known.find((container) => container.state === 'Running');
  if (running && !previous) return running;
  const id = idWithLog(pod, name, previous);
  const found = known.find((container) => container.id === id);
  if (found) return found;
  // Its record and its log have been removed.
  throw notAvailable(pod, name, previous);
}

function idWithLog(pod: Pod, name: string, previous: boolean): string {
  const status = statusOf(pod, name);
  if (!status)
    throw new StatusError('BadRequest', `container "${name}" in pod "${pod.metadata.name}" is not available`);
  const last = bareId(status.lastState?.terminated?.containerID);
  if (previous) {
    if (last) return last;
    throw notAvailable(pod, name, true);
  }
  const { running, terminated, waiting } = status.state ?? {};
  const current = running ? status.containerID : terminated?.containerID;
  const id = bareId(current) || last;
  if (id) return id;
  const where = `container "${name}" in pod "${pod.metadata.name}"`;
  if (terminated) throw new StatusError('BadRequest', `${where} is terminated`);
  if (!waiting) throw new StatusError('BadRequest', `${where} is waiting to start - no logs yet`);
  throw new StatusError('BadRequest', `${where} is waiting to start: ${explainWaiting(waiting.reason ?? '')}`);
}

function explainWaiting(reason: string): string {
  switch (reason) {
    case 'ErrImagePull':
      return "image can't be pulled";
    case 'ImagePullBackOff':
      return 'trying and failing to pull image';
    default:
      return reason;
  }
}

function statusOf(pod: Pod, name: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  return [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find(
    (status) => status.name === name,
  );
}

/** `containerd://0a1b…` without the runtime's name; empty when there is no id. */
function bareId(text: string | undefined): string {
  return (text ?? '').replace(/^[^/]*:\/\//, '');
}

function notAvailable(pod: Pod, name: string, previous: boolean): StatusError {
  const where = `container "${name}" in pod "${pod.metadata.name}"`;
  return new StatusError(
    'BadRequest',
    previous ? `previous terminated ${where} not found` : `${where} is not available`,
  );
}
