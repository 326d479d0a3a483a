/** `status.conditions` that the kubelet owns, in its order and words; others stay as they are. Pure. */
import type { ContainerStatus, Pod, PodCondition } from '../../api/kinds/pod/types.ts';
import { isSidecar } from '../pod-names.ts';
import type { PodPhase } from './pod-phase.ts';

export interface PodConditionsInput {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly initStatuses: readonly ContainerStatus[];
  readonly statuses: readonly ContainerStatus[];
  /** The sandbox runs and has its network. */
  readonly hasSandbox: boolean;
  /** RFC 3339. */
  readonly now: string;
  /** What a verdict on the pod adds: why it was ended. */
  readonly verdict?: { readonly type: string; readonly reason: string; readonly message: string };
}

interface Finding {
  readonly type: string;
  readonly isTrue: boolean;
  readonly reason?: string;
  readonly message?: string;
}

export function podConditions(input: PodConditionsInput): readonly PodCondition[] {
  const { pod } = input;
  const previous = pod.status?.conditions ?? [];
  const ready = containersReady(input);
  const findings: readonly Finding[] = [
    { type: 'PodReadyToStartContainers', isTrue: input.hasSandbox },
    initialized(input),
    podReady(pod, ready),
    ready,
    { type: 'PodScheduled', isTrue: true },
    ...(input.verdict ? [{ ...input.verdict, isTrue: true }] : []),
  ];
  const owned = new Set(findings.map(({ type }) => type));
  return [
    ...findings.map((finding) => toCondition(finding, input, previous)),
    ...previous.filter(({ type }) => !owned.has(type)),
  ];
}

function toCondition(finding: Finding, input: PodConditionsInput, previous: readonly PodCondition[]): PodCondition {
  const before = previous.find(({ type }) => type === finding.type);
  const status = finding.isTrue ? 'True' : 'False';
  const generation = input.pod.metadata.generation;
  return {
    type: finding.type,
    status,
    lastTransitionTime: before?.status === status && before.lastTransitionTime ? before.lastTransitionTime : input.now,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(finding.reason === undefined ? {} : { reason: finding.reason }),
    ...(finding.message === undefined ? {} : { message: finding.message }),
  };
}

function initialized({ pod, phase, initStatuses }: PodConditionsInput): Finding {
  const type = 'Initialized';
  const incomplete = (pod.spec.initContainers ?? []).filter((container) => {
    const status = initStatuses.find(({ name }) => name === container.name);
    return isSidecar(container) ? status?.started !== true : status?.ready !== true;
  });
  if (phase === 'Succeeded') return { type, isTrue: true, reason: 'PodCompleted' };
  if (incomplete.length === 0) return { type, isTrue: true };
  return {
    type,
    isTrue: false,
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${incomplete.map(({ name }) => name).join(' ')}]`,
  };
}

function containersReady({ pod, phase, statuses, initStatuses }: PodConditionsInput): Finding {
  const type = 'ContainersReady';
  if (phase === 'Succeeded') return { type, isTrue: false, reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, isTrue: false, reason: 'PodFailed' };
  const wanted = [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers];
  const known = [...initStatuses, ...statuses];
  const unready = wanted.filter(({ name }) => known.find((status) => status.name === name)?.ready !== true);
  if (unready.length === 0) return { type, isTrue: true };
  return {
    type,
    isTrue: false,
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${unready.map(({ name }) => name).join(' ')}]`,
  };
}

function podReady(pod: Pod, containers: Finding): Finding {
  if (!containers.isTrue) return { ...containers, type: 'Ready' };
  const conditions = pod.status?.conditions ?? [];
  const unmet = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = conditions.find(({ type }) => type === conditionType);
    if (condition === undefined)
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (condition.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
  });
  if (unmet.length === 0) return { type: 'Ready', isTrue: true };
  return { type: 'Ready', isTrue: false, reason: 'ReadinessGatesNotReady', message: unmet.join(', ') };
}
