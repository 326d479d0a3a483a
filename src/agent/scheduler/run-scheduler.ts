/** Builds and joins what decides where pods run: the scheduler, and eviction by taints. */
import type { PodDisruptionBudget } from '../../api/kinds/pod-disruption-budget.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { podDisruptionBudgets } from '../../api/resources.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { TaskGroup } from '../../lib/task-group.ts';
import { createPodWriter, type PodWriterDeps } from './pod-writer.ts';
import { Scheduler, type SchedulerDeps } from './scheduler.ts';
import { TaintEviction } from './taint-eviction.ts';

export interface SchedulingDeps extends Pick<SchedulerDeps, 'nodeName' | 'pods' | 'nodes' | 'namespaces' | 'events'> {
  readonly clientOf: (user: string) => ObjectClient;
  readonly bindPod: PodWriterDeps['bindPod'];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Starts both in the group; they end with it. */
export function startScheduler(group: TaskGroup, deps: SchedulingDeps): Scheduler {
  const { clientOf, bindPod, clock } = deps;
  const client = clientOf('system:kube-scheduler');
  const scheduler = new Scheduler({
    ...deps,
    writer: createPodWriter({ client, bindPod, clock }),
    listBudgets: async () => (await client.list<PodDisruptionBudget & KubeObject>(podDisruptionBudgets)).items,
  });
  const taints = new TaintEviction({
    ...deps,
    writer: createPodWriter({
      client: clientOf('system:serviceaccount:kube-system:taint-eviction-controller'),
      bindPod,
      clock,
    }),
  });
  group.start((signal) => scheduler.run(signal));
  group.start((signal) => taints.run(signal));
  return scheduler;
}
