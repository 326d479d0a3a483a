/** Rates in the words of `metrics.k8s.io/v1beta1`. Pure. */
import type { KubeObject } from '../../api/meta.ts';
import { formatTime } from '../../lib/clock.ts';
import type { Rate, Rates } from './usage-sampler.ts';

const apiVersion = 'metrics.k8s.io/v1beta1';

export function nodeMetrics(rates: Rates, nodeName: string, labels: Readonly<Record<string, string>>): KubeObject {
  return {
    apiVersion,
    kind: 'NodeMetrics',
    metadata: { name: nodeName, creationTimestamp: formatTime(rates.atMs), labels },
    ...measured(rates),
    usage: usageOf(rates.node),
  };
}

/** A pod of which no container runs has none, as with metrics-server. */
export function podMetrics(rates: Rates): readonly KubeObject[] {
  return rates.pods
    .filter(({ containers }) => containers.size > 0)
    .map(({ pod, containers }) => ({
      apiVersion,
      kind: 'PodMetrics',
      metadata: {
        name: pod.name,
        namespace: pod.namespace,
        creationTimestamp: formatTime(rates.atMs),
        labels: pod.labels,
      },
      ...measured(rates),
      containers: [...containers].map(([name, rate]) => ({ name, usage: usageOf(rate) })),
    }));
}

function measured({ atMs, windowMs }: Rates): { readonly timestamp: string; readonly window: string } {
  return { timestamp: formatTime(atMs), window: `${windowMs / 1000}s` };
}

function usageOf({ nanoCores, workingSetBytes }: Rate): { readonly cpu: string; readonly memory: string } {
  return { cpu: nanoCores === 0 ? '0' : `${nanoCores}n`, memory: `${Math.floor(workingSetBytes / 1024)}Ki` };
}
