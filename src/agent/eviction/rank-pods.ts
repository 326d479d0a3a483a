/** Which pod goes first when the node is short of something (kubelet/eviction/helpers.go). Pure. */
import { podRequests } from '../../api/kinds/pod/requests.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { SignalName } from '../../host/node-signals.ts';
import { sourceLabel } from '../sources/desired-state.ts';

/** What a pod uses now. */
export interface PodUse {
  readonly pod: Pod;
  readonly memoryBytes: number;
  /** Of its containers' own files, logs and emptyDirs on disk. */
  readonly diskBytes: number;
  readonly processes: number;
}

/** From here on pods are critical to the system (scheduling.SystemCriticalPriority). */
const systemCritical = 2_000_000_000;

/**
 * Pods that must never be evicted: those that are critical, and those that a source on the device asks for, which are to it
 * what static pods are to a kubelet: nobody would make them anew.
 */
export function isProtected(pod: Pod): boolean {
  return (pod.spec.priority ?? 0) >= systemCritical || pod.metadata.labels?.[sourceLabel] !== undefined;
}

/** The first to go first: those that use more than they asked for, then the less important, then the greediest. */
export function rankPods(uses: readonly PodUse[], signal: SignalName): readonly PodUse[] {
  const priority = ({ pod }: PodUse): number => pod.spec.priority ?? 0;
  const candidates = uses.filter(({ pod }) => !isProtected(pod));
  if (signal === 'pid.available') {
    return candidates.sort((a, b) => priority(a) - priority(b) || b.processes - a.processes);
  }
  const excess = (use: PodUse): number =>
    signal === 'memory.available'
      ? use.memoryBytes - (podRequests(use.pod).get('memory') ?? 0)
      : use.diskBytes - (podRequests(use.pod).get('ephemeral-storage') ?? 0);
  return candidates.sort((a, b) => {
    const [excessA, excessB] = [excess(a), excess(b)];
    return Number(excessB > 0) - Number(excessA > 0) || priority(a) - priority(b) || excessB - excessA;
  });
}
