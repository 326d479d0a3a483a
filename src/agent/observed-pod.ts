/**
 * What the runtime says about one pod, as every part of the agent sees it. Only values:
 * `pleg/` fills it, `sync/` decides on it, `status/` shows it.
 */
import type { RuntimeContainerStatus, SandboxStatus } from '../runtime/runtime.ts';

export interface ObservedContainer extends RuntimeContainerStatus {
  /**
   * When it ended on the clock that never jumps; 0 while it has not. For a container that ended before this
   * process started it is worked out from the wall clock, never later than the first look.
   */
  readonly endedAtMonotonicMs: number;
  /**
   * Set while its process is known to have ended although the runtime still says `Running`: it is emptying its output.
   * Reason, message and log are not complete yet, so this is no state to show.
   */
  readonly announcedEnd?: AnnouncedEnd;
}

export interface AnnouncedEnd {
  readonly exitCode: number;
  readonly atMs: number;
  readonly atMonotonicMs: number;
}

export interface ObservedPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Newest attempt first. */
  readonly sandboxes: readonly SandboxStatus[];
  /** Newest attempt of each container before its older ones. */
  readonly containers: readonly ObservedContainer[];
  /** When this was read, on the clock that never jumps. */
  readonly readAtMonotonicMs: number;
}

/** A pod of which the runtime knows nothing. */
export function nothingObserved(uid: string, readAtMonotonicMs: number): ObservedPod {
  return { uid, namespace: '', name: '', sandboxes: [], containers: [], readAtMonotonicMs };
}

/** The sandbox in which containers may be started now: the newest one, when it is ready. */
export function currentSandbox(observed: ObservedPod): SandboxStatus | undefined {
  const newest = observed.sandboxes[0];
  return newest?.ready ? newest : undefined;
}

/** The containers of one name, newest first. */
export function containersNamed(observed: ObservedPod, name: string): readonly ObservedContainer[] {
  return observed.containers.filter((container) => container.name === name);
}

/** Whether it may hold a process. `Unknown` counts: the runtime cannot say that it has none. */
export function mayBeRunning(container: ObservedContainer): boolean {
  return container.state === 'Running' || container.state === 'Unknown';
}

/** Ended because the machine did (runtime-facts 1): the code is not the program's own. */
export function wasLostAtReboot(container: ObservedContainer): boolean {
  return container.state === 'Exited' && container.exitCode === 255 && container.reason === 'Unknown';
}
