/**
 * The control groups of pods: `/eliot-<instance>/<qos>/pod<uid>`; guaranteed pods stand at the top, as in the kubelet. The
 * groups above them share CPU time out by quality of service, and keep back from all pods what is reserved.
 */

import { isFinished } from '../api/kinds/pod/state.ts';
import type { Pod } from '../api/kinds/pod/types.ts';
import type { CgroupLimits, Cgroups } from '../host/cgroups.ts';
import { Limiter } from '../lib/limiter.ts';
import type { Logger } from '../lib/logger.ts';
import { cpuSharesOf, podResources } from './container-config/container-resources.ts';
import { qosClass } from './status/qos.ts';
import type { PodCgroups } from './sync/services.ts';

export interface PodCgroupsDeps {
  readonly cgroups: Cgroups;
  readonly instanceId: string;
  /** KubeletConfiguration's podPidsLimit; -1: no limit. */
  readonly podPidsLimit: number;
  /** What all pods together may use. */
  readonly allPods: {
    readonly milliCpu: number;
    readonly memoryBytes: number;
  };
  /** The pods of the device. */
  readonly pods: () => readonly Pod[];
  readonly log: Logger;
}

const parents = { Guaranteed: '', Burstable: '/burstable', BestEffort: '/besteffort' } as const;
const unlimited: CgroupLimits = { cpuShares: 2, cpuQuota: 0, cpuPeriod: 100_000, memoryBytes: 0, pids: 0 };

/** The group of everything that an instance runs. */
export function podCgroupRoot(instanceId: string): string {
  return `/eliot-${instanceId}`;
}

/** Groups that hold one group a pod. */
export function podCgroupParents(instanceId: string): readonly string[] {
  return Object.values(parents).map((parent) => `${podCgroupRoot(instanceId)}${parent}`);
}

export function createPodCgroups(deps: PodCgroupsDeps): PodCgroups & { path(pod: Pod): string } {
  const root = podCgroupRoot(deps.instanceId);
  const path = (pod: Pod): string => `${root}${parents[qosClass(pod)]}/pod${pod.metadata.uid}`;
  /** By path, the shares that were written last: they change with the pods that run. */
  const written = new Map<string, number>();
  /** By uid, pods whose groups were removed; their objects may be there for a while, and finished ones for long. */
  const ended = new Set<string>();
  /** What is written last must be what was reckoned last. */
  const oneAtATime = new Limiter(1);
  const ensureParent = async (parent: string, limits: CgroupLimits): Promise<void> => {
    if (written.get(parent) === limits.cpuShares) return;
    try {
      await deps.cgroups.ensure(`${root}${parent}`, limits);
      written.set(parent, limits.cpuShares);
    } catch (error) {
      // The kernel refuses a limit below what is in use already; pods go on as they did, and the next start tries again.
      deps.log.warn('cannot limit a group of pods', { cgroup: `${root}${parent}`, error });
    }
  };
  const ensureParents = async (): Promise<void> => {
    const { milliCpu, memoryBytes } = deps.allPods;
    await ensureParent('', { ...unlimited, cpuShares: cpuSharesOf(milliCpu), memoryBytes });
    await ensureParent(parents.BestEffort, unlimited);
    const pods = deps.pods();
    for (const uid of ended) if (!pods.some(({ metadata }) => metadata.uid === uid)) ended.delete(uid);
    const active = pods.filter(({ metadata }) => !ended.has(metadata.uid ?? ''));
    await ensureParent(parents.Burstable, { ...unlimited, cpuShares: burstableShares(active) });
  };
  return {
    path,
    async ensure(pod, signal) {
      ended.delete(pod.metadata.uid ?? '');
      await oneAtATime.run(ensureParents, signal);
      const { cpuShares, cpuQuota, cpuPeriod, memoryLimitBytes } = podResources(pod);
      const pids = Math.max(0, deps.podPidsLimit);
      await deps.cgroups.ensure(path(pod), { cpuShares, cpuQuota, cpuPeriod, memoryBytes: memoryLimitBytes, pids });
    },
    async remove(uid, signal) {
      if (uid === '') return;
      for (const parent of Object.values(parents)) await deps.cgroups.remove(`${root}${parent}/pod${uid}`);
      ended.add(uid);
      await oneAtATime.run(ensureParents, signal);
    },
  };
}

/** What all burstable pods asked for; every pod that asked for nothing has the least there is. */
function burstableShares(pods: readonly Pod[]): number {
  const burstable = pods.filter((pod) => !isFinished(pod) && qosClass(pod) === 'Burstable');
  return burstable.reduce((sum, pod) => sum + podResources(pod).cpuShares, 0) || unlimited.cpuShares;
}
