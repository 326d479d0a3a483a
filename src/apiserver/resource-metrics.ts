/**
 * The port through which the server learns what nodes and pods use; the agent implements it. Each rejects with the signal's
 * reason when that aborts: the client went away.
 */
import type { KubeObject } from '../api/meta.ts';

export interface ResourceMetrics {
  /** `metrics.k8s.io` NodeMetrics of the node. It may take about a second: use is measured over time. */
  nodes(signal: AbortSignal): Promise<readonly KubeObject[]>;
  /** `metrics.k8s.io` PodMetrics of every pod that runs. */
  pods(signal: AbortSignal): Promise<readonly KubeObject[]>;
  /** Prometheus' text form: of everything, or only of what the kubelet has at `/metrics/resource`. */
  prometheus(what: 'all' | 'resource', signal: AbortSignal): Promise<string>;
}
