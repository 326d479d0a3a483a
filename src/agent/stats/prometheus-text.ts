/** Samples in Prometheus' text form, under the names that the kubelet and cAdvisor use. Pure. */
import type { CgroupUsage } from '../../host/cgroup-usage.ts';
import type { PodSample, Sample } from './usage-sampler.ts';

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly values: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/** One block a metric; a metric without values is left out. */
export function formatMetrics(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ values }) => values.length > 0)
    .map(({ name, help, type, values }) => {
      const lines = values.map(({ labels = {}, value }) => `${name}${formatLabels(labels)} ${formatValue(value)}\n`);
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function formatValue(value: number): string {
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN';
}

/** What the kubelet has at `/metrics/resource`. */
export function resourceMetrics({ machine, pods }: Sample): readonly Metric[] {
  const perContainer = (read: (usage: CgroupUsage) => number): Metric['values'] =>
    pods.flatMap(({ pod, containers }) =>
      [...containers].map(([name, usage]) => ({
        labels: { container: name, namespace: pod.namespace, pod: pod.name },
        value: read(usage),
      })),
    );
  const perPod = (read: (sample: PodSample) => number): Metric['values'] =>
    pods.map((sample) => ({
      labels: { namespace: sample.pod.namespace, pod: sample.pod.name },
      value: read(sample),
    }));
  return [
    {
      name: 'container_cpu_usage_seconds_total',
      help: 'Cumulative cpu time consumed by the container in core-seconds',
      type: 'counter',
      values: perContainer((usage) => seconds(usage.cpuNanos)),
    },
    {
      name: 'container_memory_working_set_bytes',
      help: 'Current working set of the container in bytes',
      type: 'gauge',
      values: perContainer((usage) => usage.memory.workingSet),
    },
    {
      name: 'container_start_time_seconds',
      help: 'Start time of the container since unix epoch in seconds',
      type: 'gauge',
      values: pods.flatMap(({ pod, containers }) =>
        pod.containers
          .filter(({ name }) => containers.has(name))
          .map(({ name, startedAtMs }) => ({
            labels: { container: name, namespace: pod.namespace, pod: pod.name },
            value: startedAtMs / 1000,
          })),
      ),
    },
    {
      name: 'node_cpu_usage_seconds_total',
      help: 'Cumulative cpu time consumed by the node in core-seconds',
      type: 'counter',
      values: [{ value: seconds(machine.cpuNanos) }],
    },
    {
      name: 'node_memory_working_set_bytes',
      help: 'Current working set of the node in bytes',
      type: 'gauge',
      values: [{ value: machine.memory.workingSet }],
    },
    {
      name: 'pod_cpu_usage_seconds_total',
      help: 'Cumulative cpu time consumed by the pod in core-seconds',
      type: 'counter',
      values: perPod(({ usage }) => seconds(usage.cpuNanos)),
    },
    {
      name: 'pod_memory_working_set_bytes',
      help: 'Current working set of the pod in bytes',
      type: 'gauge',
      values: perPod(({ usage }) => usage.memory.workingSet),
    },
    {
      name: 'resource_scrape_error',
      help: '1 if there was an error while getting container metrics, 0 otherwise',
      type: 'gauge',
      values: [{ value: 0 }],
    },
  ];
}

/** What cAdvisor has beside them. */
export function containerMetrics({ pods }: Sample): readonly Metric[] {
  const per = (read: (usage: CgroupUsage) => number): Metric['values'] =>
    pods.flatMap(({ pod, containers }) =>
      [...containers].map(([name, usage]) => ({
        labels: { container: name, namespace: pod.namespace, pod: pod.name },
        value: read(usage),
      })),
    );
  return [
    {
      name: 'container_memory_usage_bytes',
      help: 'Current memory usage in bytes, including all memory regardless of when it was accessed',
      type: 'gauge',
      values: per((usage) => usage.memory.usage),
    },
    {
      name: 'container_memory_rss',
      help: 'Size of RSS in bytes.',
      type: 'gauge',
      values: per((usage) => usage.memory.rss),
    },
    {
      name: 'container_processes',
      help: 'Number of processes running inside the container.',
      type: 'gauge',
      values: per((usage) => usage.processes),
    },
  ];
}

export interface NodeCounts {
  readonly nodeName: string;
  readonly version: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly runningPods: number;
  /** By state in small letters: `running`, `exited`, `created`, `unknown`. */
  readonly containers: Readonly<Record<string, number>>;
  readonly process: {
    readonly cpuSeconds: number;
    readonly residentBytes: number;
    /** Seconds since the epoch. */
    readonly startedAt: number;
  };
}

/** What is known of the machine, the kubelet's part and this process. */
export function nodeMetricsText(counts: NodeCounts): readonly Metric[] {
  const gauge = (name: string, help: string, value: number, labels: Readonly<Record<string, string>> = {}): Metric => ({
    name,
    help,
    type: 'gauge',
    values: [{ labels, value }],
  });
  const { nodeName, version, process } = counts;
  return [
    gauge('kubernetes_build_info', 'The version of the API and of eliotd.', 1, { git_version: version }),
    gauge('kubelet_node_name', "The node's name. The count is always 1.", 1, { node: nodeName }),
    gauge('kubelet_running_pods', 'Number of pods that have a running pod sandbox', counts.runningPods),
    {
      name: 'kubelet_running_containers',
      help: 'Number of containers currently running',
      type: 'gauge',
      values: Object.entries(counts.containers).map(([state, value]) => ({
        labels: { container_state: state },
        value,
      })),
    },
    gauge('machine_cpu_cores', 'Number of logical CPU cores.', counts.cpus),
    gauge('machine_memory_bytes', 'Amount of memory installed on the machine.', counts.memoryBytes),
    {
      name: 'process_cpu_seconds_total',
      help: 'Total user and system CPU time spent in seconds.',
      type: 'counter',
      values: [{ value: process.cpuSeconds }],
    },
    gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', process.residentBytes),
    gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', process.startedAt),
  ];
}

function seconds(nanos: number): number {
  return nanos / 1e9;
}
