/** What the status of a pod means to whoever has started it and waits. Pure. */
import { isFinished } from '../../api/kinds/pod/state.ts';
import type { ContainerStateTerminated, Pod } from '../../api/kinds/pod/types.ts';

export type RunState =
  /** It will start; `reason` as in the status, for people. */
  | { readonly kind: 'Waiting'; readonly reason: string }
  | { readonly kind: 'Running' }
  | { readonly kind: 'Ended'; readonly exitCode: number; readonly reason: string; readonly message: string }
  /** Nothing of it ran, and somebody must do something before it can. */
  | { readonly kind: 'Failed'; readonly message: string; readonly exitCode: number }
  | { readonly kind: 'Gone' };

/** As docker: the run itself failed; its command cannot be run; there is no such command. */
export const exitCodes = { failed: 125, notExecutable: 126, notFound: 127 } as const;

/** Reasons of a waiting container after which waiting is in vain (kubelet: images/types.go, kuberuntime_container.go). */
const hopeless: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

/** @param pod undefined when there is none of that name any more */
export function computeState(pod: Pod | undefined): RunState {
  if (pod === undefined) return { kind: 'Gone' };
  const [status] = pod.status.containerStatuses ?? [];
  const { state, lastState } = status ?? {};
  // The first end counts, also when a restart policy has started it again.
  const ended = lastState?.terminated ?? state?.terminated;
  if (ended !== undefined) return stateOfEnd(ended);
  if (state?.running !== undefined) return { kind: 'Running' };
  if (isFinished(pod)) return { kind: 'Failed', message: reasonOf(pod), exitCode: exitCodes.failed };
  const { reason = '', message = '' } = state?.waiting ?? {};
  if (hopeless.has(reason)) return { kind: 'Failed', message: message || reason, exitCode: exitCodes.failed };
  const placed = pod.status.conditions?.find(({ type }) => type === 'PodScheduled');
  if (placed?.status === 'False' && placed.reason === 'Unschedulable') {
    return { kind: 'Failed', message: placed.message ?? placed.reason, exitCode: exitCodes.failed };
  }
  return { kind: 'Waiting', reason };
}

function stateOfEnd({ exitCode, reason = '', message = '' }: ContainerStateTerminated): RunState {
  // What the runtime says of a program that it could not start; its number is the runtime's own.
  if (reason === 'StartError' || reason === 'ContainerCannotRun') {
    return { kind: 'Failed', message, exitCode: exitCodeOfStart(message) };
  }
  return { kind: 'Ended', exitCode, reason, message };
}

/** By the words of the OCI runtime, as docker's command line does it: nothing else tells them apart. */
function exitCodeOfStart(message: string): number {
  if (/executable file not found|no such file or directory|system cannot find the file/.test(message)) {
    return exitCodes.notFound;
  }
  if (/permission denied|is a directory|exec format error/.test(message)) return exitCodes.notExecutable;
  return exitCodes.failed;
}

function reasonOf({ status }: Pod): string {
  return status.message ?? status.reason ?? 'the device has refused the pod';
}
