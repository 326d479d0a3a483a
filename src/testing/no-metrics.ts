/** A device that uses nothing, for tests of servers that are about something else. */
import type { ResourceMetrics } from '../apiserver/resource-metrics.ts';

export const noMetrics: ResourceMetrics = {
  nodes: async () => [],
  pods: async () => [],
  prometheus: async () => '',
};
