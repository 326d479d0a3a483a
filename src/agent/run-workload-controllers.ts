/**
 * Builds and runs the controllers that make and end pods, and those that need a copy of everything: the garbage
 * collector, which ends what they leave, and the one that says what is used of quotas.
 */
import type { Deployment } from '../api/kinds/deployment.ts';
import type { Lease } from '../api/kinds/lease.ts';
import type { Pod } from '../api/kinds/pod/types.ts';
import type { PodDisruptionBudget } from '../api/kinds/pod-disruption-budget.ts';
import type { ReplicaSet } from '../api/kinds/replica-set.ts';
import type { ResourceQuota } from '../api/kinds/resource-quota.ts';
import type { ObjectMeta } from '../api/meta.ts';
import type { GroupVersionResource, ObjectClient } from '../api/object-client.ts';
import * as resources from '../api/resources.ts';
import { kinds } from '../api/scheme.ts';
import { DeploymentController } from '../controllers/deployment/deployment.ts';
import { DisruptionController } from '../controllers/disruption/disruption.ts';
import { StaleDisruptions } from '../controllers/disruption/stale-disruption.ts';
import { collectedKinds, ownershipOf } from '../controllers/garbage-collector/collected-kinds.ts';
import { GarbageCollector } from '../controllers/garbage-collector/garbage-collector.ts';
import type { ImagePreparation } from '../controllers/image-preparation.ts';
import type { ObjectEvents } from '../controllers/object-events.ts';
import type { ObjectSource } from '../controllers/object-source.ts';
import { PodCollector } from '../controllers/pod-gc/pod-gc.ts';
import { ReplicaSetController } from '../controllers/replica-set/replica-set.ts';
import { ResourceQuotaController } from '../controllers/resource-quota/resource-quota.ts';
import type { Room } from '../controllers/room.ts';
import { type KnownLease, RunPods } from '../controllers/run-pods/run-pods.ts';
import { withoutManagedFields } from '../controllers/without-managed-fields.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { TaskGroup } from '../lib/task-group.ts';
import { sourceLabel } from './sources/desired-state.ts';

type Followed = { readonly metadata: ObjectMeta };

export interface WorkloadControllersDeps {
  /** A client that writes under the name of a controller. */
  readonly clientOf: (controller: string) => ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: ObjectEvents;
  readonly images: ImagePreparation;
  readonly room: Room;
  /** Makes a local copy that is followed; `trim` says what is kept of each object. */
  readonly follow: <T extends Followed>(
    resource: GroupVersionResource,
    trim?: (object: unknown) => unknown,
  ) => ObjectSource<T>;
  /** Copies that there are already, by `group/resource`. */
  readonly known: ReadonlyMap<string, ObjectSource<Followed>>;
  readonly pods: ObjectSource<Pod>;
  readonly terminatedPodGCThreshold: number;
}

/** Starts them in the group; they end with it. */
export function startWorkloadControllers(group: TaskGroup, deps: WorkloadControllersDeps): void {
  const { clientOf, clock, log, events, images, room, follow, known, pods } = deps;
  const deployments = follow<Deployment>(resources.deployments, withoutManagedFields);
  const replicaSets = follow<ReplicaSet>(resources.replicaSets, withoutManagedFields);
  const shared = { clock, log, events, pods, replicaSets };
  const replicaSet = new ReplicaSetController({ ...shared, client: clientOf('system:replicaset-controller') });
  const deployment = new DeploymentController({
    ...shared,
    client: clientOf('system:deployment-controller'),
    images,
    room,
    deployments,
  });
  const budgets = follow<PodDisruptionBudget>(resources.podDisruptionBudgets, withoutManagedFields);
  const disruptionClient = clientOf('system:disruption-controller');
  const disruption = new DisruptionController({ client: disruptionClient, clock, log, events, budgets, pods });
  const staleDisruptions = new StaleDisruptions({ client: disruptionClient, clock, log, pods });
  const quotas = follow<ResourceQuota>(resources.resourceQuotas, withoutManagedFields);
  const podCollector = new PodCollector({
    client: clientOf('system:pod-garbage-collector'),
    clock,
    log,
    pods,
    terminatedPodGCThreshold: deps.terminatedPodGCThreshold,
    isNeeded: isOfSource,
  });
  const leases = follow<KnownLease>(resources.leases, leaseInShort);
  const runPods = new RunPods({ client: clientOf('system:run-pods'), clock, log, events, pods, leases });
  const copies = new Map<string, ObjectSource<Followed>>([
    ...known,
    ['/pods', pods],
    ['apps/deployments', deployments],
    ['apps/replicasets', replicaSets],
    ['policy/poddisruptionbudgets', budgets],
    ['/resourcequotas', quotas],
    ['coordination.k8s.io/leases', leases],
  ]);
  const followed = collectedKinds(kinds, copies, (resource) => follow(resource, ownershipOf));
  const collector = new GarbageCollector({
    client: clientOf('system:generic-garbage-collector'),
    clock,
    log,
    kinds: followed,
  });
  const resourceQuota = new ResourceQuotaController({
    client: clientOf('system:resourcequota-controller'),
    clock,
    log,
    quotas,
    pods,
    others: followed.filter(({ namespaced, source }) => namespaced && source !== pods),
  });
  group.start((signal) => replicaSet.run(signal));
  group.start((signal) => deployment.run(signal));
  group.start((signal) => disruption.run(signal));
  group.start((signal) => staleDisruptions.run(signal));
  group.start((signal) => podCollector.run(signal));
  group.start((signal) => collector.run(signal));
  group.start((signal) => resourceQuota.run(signal));
  group.start((signal) => runPods.run(signal));
}

/** What is kept of a lease: whom it belongs to, and how long it lasts. Its version tells when it is renewed. */
function leaseInShort(object: unknown): KnownLease {
  const { spec } = object as Lease;
  return { ...ownershipOf(object), leaseDurationSeconds: spec.leaseDurationSeconds };
}

/** A source would make it anew, and so run it again. */
function isOfSource({ metadata }: Pod): boolean {
  return metadata.labels?.[sourceLabel] !== undefined;
}
