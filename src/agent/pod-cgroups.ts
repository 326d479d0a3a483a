/** The control group of each pod: `/eliot-<instance>/<qos>/pod<uid>`; guaranteed pods stand at the top, as in the kubelet. */
import type { Pod } from '../api/kinds/pod/types.ts';
import type { Cgroups } from '../host/cgroups.ts';
import { podResources } from './container-config/container-resources.ts';
import { qosClass } from './status/qos.ts';
import type { PodCgroups } from './sync/services.ts';

export interface PodCgroupsDeps {
  readonly cgroups: Cgroups;
  readonly instanceId: string;
  /** KubeletConfiguration's podPidsLimit; -1: no limit. */
  readonly podPidsLimit: number;
}

const parents = { Guaranteed: '', Burstable: '/burstable', BestEffort: '/besteffort' } as const;

/** Groups that hold one group a pod. */
export function podCgroupParents(instanceId: string): readonly string[] {
  return Object.values(parents).map((parent) => `/eliot-${instanceId}${parent}`);
}

export function createPodCgroups(deps: PodCgroupsDeps): PodCgroups & { path(pod: Pod): string } {
  const root = `/eliot-${deps.instanceId}`;
  const path = (pod: Pod): string => `${root}${parents[qosClass(pod)]}/pod${pod.metadata.uid}`;
  return {
    path,
    async ensure(pod) {
      const { cpuShares, cpuQuota, cpuPeriod, memoryLimitBytes } = podResources(pod);
      const pids = Math.max(0, deps.podPidsLimit);
      await deps.cgroups.ensure(path(pod), { cpuShares, cpuQuota, cpuPeriod, memoryBytes: memoryLimitBytes, pids });
    },
    async remove(uid) {
      if (uid === '') return;
      for (const parent of Object.values(parents)) await deps.cgroups.remove(`${root}${parent}/pod${uid}`);
    },
  };
}
