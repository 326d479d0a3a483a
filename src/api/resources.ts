/** Names of the resources that the daemon's own code reads and writes through an `ObjectClient`. */
import type { GroupVersionResource } from './object-client.ts';

const core = (resource: string): GroupVersionResource => ({ group: '', version: 'v1', resource });

export const pods: GroupVersionResource = core('pods');
export const nodes: GroupVersionResource = core('nodes');
export const namespaces: GroupVersionResource = core('namespaces');
export const configMaps: GroupVersionResource = core('configmaps');
export const secrets: GroupVersionResource = core('secrets');
export const serviceAccounts: GroupVersionResource = core('serviceaccounts');
export const events: GroupVersionResource = core('events');
export const limitRanges: GroupVersionResource = core('limitranges');
export const resourceQuotas: GroupVersionResource = core('resourcequotas');
export const runtimeClasses: GroupVersionResource = { group: 'node.k8s.io', version: 'v1', resource: 'runtimeclasses' };
export const podDisruptionBudgets: GroupVersionResource = {
  group: 'policy',
  version: 'v1',
  resource: 'poddisruptionbudgets',
};
export const priorityClasses: GroupVersionResource = {
  group: 'scheduling.k8s.io',
  version: 'v1',
  resource: 'priorityclasses',
};
/** Applications that came as one file (Eliot's own). */
export const bundles: GroupVersionResource = { group: 'eliot.run', version: 'v1alpha1', resource: 'bundles' };
/** Certificates of those who come to the device (Eliot's own). */
export const clients: GroupVersionResource = { group: 'eliot.run', version: 'v1alpha1', resource: 'clients' };
/** Images on the device (Eliot's own). */
export const images: GroupVersionResource = { group: 'eliot.run', version: 'v1alpha1', resource: 'images' };
export const podSignals: GroupVersionResource = { group: 'eliot.run', version: 'v1alpha1', resource: 'podsignals' };
export const leases: GroupVersionResource = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' };
export const deployments: GroupVersionResource = { group: 'apps', version: 'v1', resource: 'deployments' };
export const replicaSets: GroupVersionResource = { group: 'apps', version: 'v1', resource: 'replicasets' };
