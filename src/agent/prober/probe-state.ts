/**
 * What is known of one probe of one container, and the rules by which it changes: values only. The rules are the
 * kubelet's (prober worker): results belong to a container's id; a threshold must be reached in a row; whoever failed
 * its liveness or startup probe is not asked again until there is a new container.
 */
import type { Probe } from '../../api/kinds/pod/types.ts';
import { initialResults, type ProbeKind, type ProbeResult } from './probe-kinds.ts';

export interface ProbeState {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  /** The container that `result` is about; empty before there is one. */
  readonly containerId: string;
  readonly result: ProbeResult;
  /** How often in a row `lastOutcome` came. */
  readonly lastOutcome: ProbeResult | undefined;
  readonly run: number;
  readonly isOnHold: boolean;
  /** Asked at this instant plus any number of periods. */
  readonly anchorMs: number;
  /** The container's start on the clock that never jumps. */
  readonly startedMs: number;
  /** When this container was asked last. */
  readonly askedMs: number | undefined;
}

export function newProbeState(kind: ProbeKind, probe: Probe, anchorMs: number): ProbeState {
  return {
    kind,
    probe,
    containerId: '',
    result: initialResults[kind],
    lastOutcome: undefined,
    run: 0,
    isOnHold: false,
    anchorMs,
    startedMs: 0,
    askedMs: undefined,
  };
}

/** @param result what the container counts as; the initial result unless it was known before this process */
export function withContainer(
  state: ProbeState,
  containerId: string,
  startedMs: number,
  result: ProbeResult = initialResults[state.kind],
): ProbeState {
  const fresh = { lastOutcome: undefined, run: 0, isOnHold: false, askedMs: undefined };
  return { ...state, containerId, startedMs, result, ...fresh };
}

export function withOutcome(state: ProbeState, outcome: 'Success' | 'Failure'): ProbeState {
  const run = state.lastOutcome === outcome ? state.run + 1 : 1;
  const { failureThreshold, successThreshold } = state.probe;
  const next: ProbeState = { ...state, lastOutcome: outcome, run };
  if (run < (outcome === 'Failure' ? failureThreshold : successThreshold)) return next;
  const isFatal = outcome === 'Failure' && state.kind !== 'readiness';
  return { ...next, result: outcome, isOnHold: isFatal, run: isFatal ? 0 : run };
}

/**
 * When to ask next; undefined: not before something changes.
 *
 * @param isStarted whether the container has passed its startup probe, if any
 */
export function nextAskMs(state: ProbeState, isStarted: boolean, nowMs: number): number | undefined {
  const { containerId, isOnHold, kind, askedMs } = state;
  if (containerId === '' || isOnHold || (kind === 'startup') === isStarted) return undefined;
  // A tick is used once.
  return tickFrom(state, Math.max(mayBeAskedMs(state), nowMs, (askedMs ?? -Infinity) + 1));
}

/** The first tick at or after an instant. */
function tickFrom({ anchorMs, probe }: ProbeState, fromMs: number): number {
  const periodMs = probe.periodSeconds * 1000;
  return anchorMs + Math.max(0, Math.ceil((fromMs - anchorMs) / periodMs)) * periodMs;
}

/**
 * Readiness is asked as soon as it may be, not at the next tick: traffic waits for it (kubelet: manual trigger when
 * a started container has no result yet).
 */
export function withEarlyTick(state: ProbeState, nowMs: number): ProbeState {
  return { ...state, anchorMs: Math.max(nowMs, mayBeAskedMs(state)) };
}

function mayBeAskedMs({ startedMs, probe }: ProbeState): number {
  return startedMs + (probe.initialDelaySeconds ?? 0) * 1000;
}
