/**
 * The status of a pod: what the API shows of what the runtime said. Pure; `status-manager.ts` publishes it.
 */

import { isFinished } from '../../api/kinds/pod/state.ts';
import type { Pod, PodStatus } from '../../api/kinds/pod/types.ts';
import { formatTime } from '../../lib/clock.ts';
import type { PodHealth } from '../container-health.ts';
import { currentSandbox, mayBeRunning, type ObservedPod } from '../observed-pod.ts';
import type { Waiting } from './container-state.ts';
import { containerStatuses, ephemeralContainerStatuses } from './container-statuses.ts';
import { podConditions } from './pod-conditions.ts';
import { podPhase } from './pod-phase.ts';
import { qosClass } from './qos.ts';

export interface PodStatusInput {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  /** What probes say of the containers that run. */
  readonly health: PodHealth;
  /** Why containers wait, by container name. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** What ended containers left in their termination log, by container id. */
  readonly messages: ReadonlyMap<string, string>;
  /** Addresses of the device, IPv4 first. */
  readonly hostIPs: readonly string[];
  readonly nowMs: number;
  /** True when the pod was told to end and nothing of it runs any more. */
  readonly hasEnded?: boolean;
  /** Why the whole pod was refused or ended, when it was: for example `Evicted`. */
  readonly verdict?: {
    readonly reason: string;
    readonly message: string;
    readonly condition?: { readonly type: string; readonly reason: string; readonly message: string };
  };
}

/** A finished pod stays finished: its phase never changes again, whatever the runtime says (kubelet, status manager). */
export function computePodStatus(input: PodStatusInput): PodStatus {
  const { pod, observed, hostIPs, nowMs, verdict } = input;
  const previous = pod.status;
  const isTerminal = (input.hasEnded ?? false) || isFinished(pod);
  const context = { ...input, isTerminal };
  const initStatuses = containerStatuses(context, pod.spec.initContainers ?? [], previous?.initContainerStatuses ?? []);
  const statuses = containerStatuses(context, pod.spec.containers, previous?.containerStatuses ?? []);
  const ephemeralStatuses = ephemeralContainerStatuses(context, previous?.ephemeralContainerStatuses ?? []);
  const phase = verdict
    ? 'Failed'
    : isFinished(pod)
      ? (previous?.phase as 'Succeeded' | 'Failed')
      : podPhase(pod, initStatuses, statuses, input.hasEnded === true && !observed.containers.some(mayBeRunning));
  const sandbox = currentSandbox(observed);
  const now = formatTime(nowMs);
  const sandboxIPs = pod.spec.hostNetwork ? hostIPs : (sandbox?.ips ?? []);
  const podIPs = sandboxIPs.length > 0 ? sandboxIPs : (previous?.podIPs ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  const { podIP: _podIP, podIPs: _podIPs, reason: _reason, message: _message, ...kept } = previous ?? {};

  return {
    ...kept,
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: podConditions({
      pod,
      phase,
      initStatuses,
      statuses,
      hasSandbox: sandbox !== undefined && (pod.spec.hostNetwork === true || sandbox.ips.length > 0),
      now,
      ...(verdict?.condition === undefined ? {} : { verdict: verdict.condition }),
    }),
    ...reasonOf(input),
    ...(hostIPs[0] === undefined ? {} : { hostIP: hostIPs[0], hostIPs: hostIPs.map((ip) => ({ ip })) }),
    ...(podIPs[0] === undefined ? {} : { podIP: podIPs[0], podIPs: podIPs.map((ip) => ({ ip })) }),
    startTime: previous?.startTime ?? now,
    ...(initStatuses.length > 0 ? { initContainerStatuses: initStatuses } : {}),
    containerStatuses: statuses,
    ...(ephemeralStatuses.length > 0 ? { ephemeralContainerStatuses: ephemeralStatuses } : {}),
    qosClass: previous?.qosClass ?? qosClass(pod),
  };
}

/** `reason` and `message` of the pod as a whole: a verdict stays for ever once given. */
function reasonOf({ pod, verdict }: PodStatusInput): Pick<PodStatus, 'reason' | 'message'> {
  const { reason, message } = verdict ?? (isFinished(pod) ? (pod.status ?? {}) : {});
  return { ...(reason ? { reason } : {}), ...(message ? { message } : {}) };
}
