/** Deployments and ReplicaSets for scenarios on a device: pods that run a shell line in the test image. */
import type { Deployment } from '../../src/api/kinds/deployment.ts';
import type { Pod } from '../../src/api/kinds/pod/types.ts';
import type { ReplicaSet } from '../../src/api/kinds/replica-set.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { GroupVersionResource } from '../../src/api/object-client.ts';
import { deployments, pods, replicaSets } from '../../src/api/resources.ts';
import { isStatusError } from '../../src/lib/status-error.ts';
import { testImage } from './device.ts';
import type { ScenarioDevice } from './scenario-device.ts';
import { waitFor } from './wait.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Long enough for a machine that does eight things at once. */
const longestWaitMs = 120_000;

/** A pod template; `line` runs until the pod is told to end. */
export function template(app: string, container: Fields = {}, spec: Fields = {}): Fields {
  const line = 'trap "exit 0" TERM; while :; do sleep 0.2; done';
  return {
    metadata: { labels: { app } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        { name: 'app', image: testImage, imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', line], ...container },
      ],
      ...spec,
    },
  };
}

/** A Deployment or ReplicaSet of the namespace `default`, labelled `app: NAME`. */
function workload(kind: 'Deployment' | 'ReplicaSet', name: string, spec: Fields = {}, metadata: Fields = {}) {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: 'default', labels: { app: name }, ...metadata },
    spec: { selector: { matchLabels: { app: name } }, template: template(name), ...spec },
  } as unknown as KubeObject;
}

/** What scenarios ask of the workloads on a device. */
export class Workloads {
  readonly on: ScenarioDevice;

  constructor(on: ScenarioDevice) {
    this.on = on;
  }

  createDeployment(name: string, spec: Fields = {}, metadata: Fields = {}): Promise<Deployment> {
    return this.on.client.create(deployments, workload('Deployment', name, spec, metadata)) as Promise<never>;
  }

  createReplicaSet(name: string, spec: Fields = {}, metadata: Fields = {}): Promise<ReplicaSet> {
    return this.on.client.create(replicaSets, workload('ReplicaSet', name, spec, metadata)) as Promise<never>;
  }

  deployment(name: string): Promise<Deployment> {
    return this.on.client.get(deployments, { namespace: 'default', name });
  }

  replicaSet(name: string): Promise<ReplicaSet> {
    return this.on.client.get(replicaSets, { namespace: 'default', name });
  }

  /** Merge-patches the spec. */
  async change(resource: GroupVersionResource, name: string, spec: Fields): Promise<void> {
    await this.on.patch(resource, name, { spec }, 'merge');
  }

  /** Those that are not on their way out. */
  async podsOf(app: string): Promise<readonly Pod[]> {
    const { items } = await this.on.client.list<Pod>(pods, { namespace: 'default', labelSelector: `app=${app}` });
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** Of a Deployment, the oldest first. */
  async replicaSetsOf(app: string): Promise<readonly ReplicaSet[]> {
    const options = { namespace: 'default', labelSelector: `app=${app}` };
    const { items } = await this.on.client.list<ReplicaSet>(replicaSets, options);
    const order = ({ metadata }: ReplicaSet) =>
      Number(metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
    return items.toSorted((a, b) => order(a) - order(b));
  }

  /** Replicas that the ReplicaSets of a Deployment are to have, the oldest revision first. */
  async sizes(app: string): Promise<readonly number[]> {
    return (await this.replicaSetsOf(app)).map(({ spec }) => spec.replicas);
  }

  /** Waits until the Deployment is at its template, whole, and seen to be. */
  async complete(name: string): Promise<Deployment> {
    return this.until(`${name} complete`, async () => {
      const found = await this.deployment(name);
      const { replicas = 0, updatedReplicas = 0, availableReplicas = 0, observedGeneration } = found.status;
      const isWhole = [replicas, updatedReplicas, availableReplicas].every((count) => count === found.spec.replicas);
      return isWhole && observedGeneration === found.metadata.generation && found;
    });
  }

  /** @param all ready or not; as many as are ready unless said otherwise */
  async ready(name: string, replicas: number, all = replicas): Promise<ReplicaSet> {
    return this.until(`${replicas} ready of ${name}`, async () => {
      const found = await this.replicaSet(name);
      return (found.status.readyReplicas ?? 0) === replicas && found.status.replicas === all && found;
    });
  }

  /** Whether the object is not there. */
  async isGone(resource: GroupVersionResource, name: string): Promise<boolean> {
    try {
      await this.on.client.get(resource, { namespace: 'default', name });
      return false;
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return true;
      throw error;
    }
  }

  async delete(
    resource: GroupVersionResource,
    name: string,
    propagationPolicy: 'Background' | 'Foreground' | 'Orphan' = 'Background',
  ): Promise<void> {
    await this.on.client.delete(resource, { namespace: 'default', name }, { propagationPolicy });
  }

  /** Waits until `look` gives something. */
  async until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
    return waitFor(what, look, { timeoutMs: longestWaitMs, intervalMs: 100 });
  }
}
