/**
 * Automatic roll-back, Eliot's own: a Deployment that asks for it gets its previous revision back when a new one
 * fails (docs/adr, "Roll-back is a mark on the failed ReplicaSet").
 *
 * The template that the user wants is never changed. What failed is marked, durably, on its ReplicaSet; as long as
 * the mark stands and the template is the same, pods are made from another ReplicaSet instead. Everything else
 * follows from the mark, so a crash at any moment loses nothing. Pure.
 */
import type { Deployment } from '../../api/kinds/deployment.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import { byRevision, failedAnnotation, provenAnnotation, revisionOf } from './annotations.ts';
import {
  type Conditions,
  type NewCondition,
  withCondition,
  withoutCondition,
  withUpdatedCondition,
} from './conditions.ts';

/** `"true"` asks for it. */
const rollBackAnnotation = 'eliot.run/rollback-on-failure';
/** Seconds that a complete update is watched until it is trusted. */
const bakeAnnotation = 'eliot.run/bake-seconds';

const defaultBakeSeconds = 60;
const maxBakeSeconds = 86_400;

/** True: the previous revision came back. False: the newest one is trusted. Unknown: it is not decided yet. */
export const rolledBackCondition = 'eliot.run/RolledBack';

/** Undefined: the Deployment does not ask for it. */
export function rollBackSettings({ metadata }: Deployment): { readonly bakeMs: number } | undefined {
  if (metadata.annotations?.[rollBackAnnotation] !== 'true') return undefined;
  const text = metadata.annotations[bakeAnnotation] ?? '';
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : defaultBakeSeconds;
  return { bakeMs: Math.min(seconds, maxBakeSeconds) * 1000 };
}

/** Why a ReplicaSet was given up. */
export interface Failure {
  readonly reason: string;
  readonly message: string;
}

/** The mark on a ReplicaSet; undefined when there is none. One that cannot be read counts. */
export function failureOf({ metadata }: ReplicaSet): Failure | undefined {
  const text = metadata.annotations?.[failedAnnotation];
  if (text === undefined) return undefined;
  try {
    const { reason, message } = JSON.parse(text) as Partial<Failure>;
    return { reason: String(reason ?? 'Failed'), message: String(message ?? '') };
  } catch {
    return { reason: 'Failed', message: text };
  }
}

/** The text of the mark. */
export function formatFailure({ reason, message }: Failure): string {
  return JSON.stringify({ reason, message });
}

export function isProven({ metadata }: ReplicaSet): boolean {
  return metadata.annotations?.[provenAnnotation] !== undefined;
}

/** Which ReplicaSet to return to: the newest trusted one, else the newest that has not failed. */
export function previousRevision(oldReplicaSets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const candidates = byRevision(
    oldReplicaSets.filter((each) => failureOf(each) === undefined && each.metadata.deletionTimestamp === undefined),
  );
  return candidates.filter(isProven).at(-1) ?? candidates.at(-1);
}

/** Where the pods of a Deployment shall be. */
export interface Target {
  readonly target: ReplicaSet;
  readonly others: readonly ReplicaSet[];
  /** Set when `target` is not the ReplicaSet of the template, because that one failed. */
  readonly failure?: Failure;
}

export function chooseTarget(deployment: Deployment, newest: ReplicaSet, old: readonly ReplicaSet[]): Target {
  const failure = rollBackSettings(deployment) && failureOf(newest);
  const previous = failure && previousRevision(old);
  if (failure === undefined || previous === undefined) return { target: newest, others: old };
  return { target: previous, others: [newest, ...old.filter((each) => each !== previous)], failure };
}

/** One sentence about what keeps the first pod that does not work from working; undefined when all work. */
export function describeTrouble(pods: readonly Pod[]): string | undefined {
  for (const pod of pods) {
    const { name } = pod.metadata;
    const scheduled = pod.status.conditions?.find(({ type }) => type === 'PodScheduled');
    if (scheduled?.status === 'False') return `pod ${name} is not scheduled: ${scheduled.message ?? ''}`;
    const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])];
    for (const { name: container, ready, state, lastState, started } of statuses) {
      const ended = state?.terminated ?? lastState?.terminated;
      if (
        state?.waiting?.reason !== undefined &&
        !['ContainerCreating', 'PodInitializing'].includes(state.waiting.reason)
      ) {
        const detail = state.waiting.message ? `: ${state.waiting.message}` : '';
        return `container ${container} of pod ${name} waits: ${state.waiting.reason}${detail}`;
      }
      if (!ready && ended !== undefined && ended.exitCode !== 0) return describeEnd(container, name, ended);
      if (!ready && state?.running !== undefined) {
        const probe = started === false ? 'startup' : 'readiness';
        return `container ${container} of pod ${name} runs but is not ready: its ${probe} probe does not succeed`;
      }
    }
  }
  return undefined;
}

export function describeEnd(
  container: string,
  pod: string | undefined,
  ended: { readonly exitCode: number; readonly reason?: string; readonly message?: string },
): string {
  const words = [ended.reason, ended.message?.trim()].filter(Boolean).join(': ');
  return `container ${container} of pod ${pod} ended with exit code ${ended.exitCode}${words ? ` (${words})` : ''}`;
}

/** What a roll-out is, as the condition tells of it. */
export type RollBackState =
  | { readonly phase: 'Off' }
  | { readonly phase: 'RollingOut' }
  | { readonly phase: 'Baking'; readonly bakeMs: number }
  | { readonly phase: 'Trusted' }
  | { readonly phase: 'RolledBack'; readonly failure: Failure; readonly to: ReplicaSet };

/** The conditions with `eliot.run/RolledBack`, and Progressing when an update was given up. @param now RFC 3339 */
export function withRollBack(
  conditions: Conditions,
  newest: ReplicaSet | undefined,
  state: RollBackState,
  now: string,
): Conditions {
  if (state.phase === 'Off' || newest === undefined) return withoutCondition(conditions, rolledBackCondition);
  const condition = rollBackCondition(newest, state);
  const before = conditions.find(({ type }) => type === rolledBackCondition);
  // The message names the ReplicaSet: another one is news though status and reason are the same.
  const next =
    before?.message === condition.message
      ? withCondition(conditions, condition, now)
      : withUpdatedCondition(conditions, condition, now);
  if (state.phase !== 'RolledBack') return next;
  // The one word by which Kubernetes' clients know that an update has failed: rollout status and helm give up.
  const type = 'Progressing';
  return withCondition(
    next,
    { type, status: 'False', reason: 'ProgressDeadlineExceeded', message: condition.message },
    now,
  );
}

function rollBackCondition(newest: ReplicaSet, state: Exclude<RollBackState, { readonly phase: 'Off' }>): NewCondition {
  const type = rolledBackCondition;
  const subject = nameWithRevision(newest);
  switch (state.phase) {
    case 'RollingOut':
      return { type, status: 'Unknown', reason: 'RollingOut', message: `${subject} is not complete yet.` };
    case 'Baking': {
      const message = `${subject} is complete and watched for ${state.bakeMs / 1000} s.`;
      return { type, status: 'Unknown', reason: 'Baking', message };
    }
    case 'Trusted':
      return { type, status: 'False', reason: 'Baked', message: `${subject} works.` };
    case 'RolledBack':
      return {
        type,
        status: 'True',
        reason: state.failure.reason,
        message: rollBackMessage(newest, state.to, state.failure),
      };
  }
}

/** What condition and event say. */
export function rollBackMessage(failed: ReplicaSet, to: ReplicaSet, { message }: Failure): string {
  return `${nameWithRevision(failed)} failed: ${message}; returned to ${nameWithRevision(to)}.`;
}

function nameWithRevision(replicaSet: ReplicaSet): string {
  return `ReplicaSet "${replicaSet.metadata.name}" (revision ${revisionOf(replicaSet)})`;
}
