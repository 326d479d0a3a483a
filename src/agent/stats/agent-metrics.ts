/** What the node and its pods use, for the API server: joins the sampler with what is known of pods. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ResourceMetrics } from '../../apiserver/resource-metrics.ts';
import type { UsageReader } from '../../host/cgroup-usage.ts';
import type { Clock } from '../../lib/clock.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { currentSandbox, type ObservedPod } from '../observed-pod.ts';
import { podRef } from '../pod-names.ts';
import { nodeMetrics, podMetrics } from './metrics-objects.ts';
import {
  containerMetrics,
  formatMetrics,
  type NodeCounts,
  nodeMetricsText,
  resourceMetrics,
} from './prometheus-text.ts';
import { type RunningPod, UsageSampler } from './usage-sampler.ts';

export interface AgentMetricsDeps {
  readonly reader: UsageReader;
  readonly clock: Clock;
  readonly nodeName: string;
  readonly version: string;
  readonly machine: { readonly cpus: number; readonly memoryBytes: number };
  readonly pods: { list(): readonly Pod[] };
  readonly nodeLabels: () => Readonly<Record<string, string>>;
  readonly observed: { list(): readonly ObservedPod[]; get(uid: string): ObservedPod | undefined };
  readonly cgroupOf: (pod: Pod) => string;
}

export function createAgentMetrics(deps: AgentMetricsDeps): ResourceMetrics {
  const sampler = new UsageSampler({ ...deps, pods: () => runningPods(deps) });
  return {
    nodes: async (signal) => {
      const rates = await untilAborted(sampler.rates(), signal);
      return [nodeMetrics(rates, deps.nodeName, deps.nodeLabels())];
    },
    pods: async (signal) => podMetrics(await untilAborted(sampler.rates(), signal)),
    prometheus: async (what, signal) => {
      const sample = await untilAborted(sampler.sample(), signal);
      const resource = resourceMetrics(sample);
      if (what === 'resource') return formatMetrics(resource);
      return formatMetrics([...resource, ...containerMetrics(sample), ...nodeMetricsText(countsOf(deps))]);
    },
  };
}

function runningPods({ pods, observed, cgroupOf }: AgentMetricsDeps): readonly RunningPod[] {
  return pods.list().flatMap((pod): readonly RunningPod[] => {
    const { uid, namespace, name } = podRef(pod);
    const seen = observed.get(uid);
    const running = seen?.containers.filter(({ state }) => state === 'Running') ?? [];
    if (running.length === 0) return [];
    const containers = running.map((container) => ({
      name: container.name,
      id: container.id,
      startedAtMs: container.startedAtMs,
    }));
    return [{ uid, namespace, name, labels: pod.metadata.labels ?? {}, cgroup: cgroupOf(pod), containers }];
  });
}

function countsOf(deps: AgentMetricsDeps): NodeCounts {
  const { nodeName, version, machine, observed, clock } = deps;
  const containers: Record<string, number> = {};
  let runningPods = 0;
  for (const pod of observed.list()) {
    if (currentSandbox(pod) !== undefined) runningPods += 1;
    for (const { state } of pod.containers) {
      containers[state.toLowerCase()] = (containers[state.toLowerCase()] ?? 0) + 1;
    }
  }
  const { user, system } = process.cpuUsage();
  const own = {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    startedAt: clock.now() / 1000 - process.uptime(),
  };
  const { cpus, memoryBytes } = machine;
  return { nodeName, version, cpus, memoryBytes, runningPods, containers, process: own };
}
