/** A `WorkloadCluster` with the controllers of Deployments and ReplicaSets, for tests of roll-outs. */
import type { Deployment } from '../api/kinds/deployment.ts';
import type { Pod } from '../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../api/kinds/replica-set.ts';
import { deployments, pods, replicaSets } from '../api/resources.ts';
import { DeploymentController } from '../controllers/deployment/deployment.ts';
import { ReplicaSetController } from '../controllers/replica-set/replica-set.ts';
import { FakeImagePreparation } from './fake-image-preparation.ts';
import { WorkloadCluster } from './workload-cluster.ts';
import { deploymentManifest, podTemplate } from './workloads.ts';

type Spec = Readonly<Record<string, unknown>>;

export class DeploymentCluster {
  readonly base: WorkloadCluster;
  readonly images = new FakeImagePreparation();
  /** How many old pods take the room that a new one waits for; `Infinity`: it never fits. */
  inTheWay = 1;
  #stopController = new AbortController();
  #controller: Promise<void> = Promise.resolve();

  private constructor(base: WorkloadCluster) {
    this.base = base;
  }

  static async start(): Promise<DeploymentCluster> {
    const base = await WorkloadCluster.start();
    const cluster = new DeploymentCluster(base);
    const { client, clock, log } = base;
    const events = { recordFor: base.recordFor };
    const deps = { client, clock, log, events, replicaSets: base.replicaSets, pods: base.pods };
    base.run((signal) => new ReplicaSetController(deps).run(signal));
    cluster.startController();
    return cluster;
  }

  /** A new controller that remembers nothing, as after a restart of the daemon. */
  startController(): void {
    const { client, clock, log, deployments: source, replicaSets: sets, pods: podSource } = this.base;
    const events = { recordFor: this.base.recordFor };
    const room = { fitsWithout: (_: Pod, others: readonly Pod[]) => others.length >= this.inTheWay };
    const deps = { client, clock, log, events, images: this.images, room, deployments: source };
    this.#stopController = new AbortController();
    const controller = new DeploymentController({ ...deps, replicaSets: sets, pods: podSource });
    this.#controller = controller.run(this.#stopController.signal);
  }

  async stopController(): Promise<void> {
    this.#stopController.abort();
    await this.#controller;
  }

  async stop(): Promise<void> {
    await this.stopController();
    await this.base.stop();
  }

  /** Creates the Deployment `web` of an image. */
  create(image: string, spec: Spec = {}, annotations: Readonly<Record<string, string>> = {}): Promise<Deployment> {
    return this.base.create(deploymentManifest({ template: podTemplate(image), ...spec }, { annotations }));
  }

  /** Changes the Deployment's spec. */
  change(spec: Spec): Promise<Deployment> {
    return this.base.patch(deployments, 'web', { spec });
  }

  setImage(image: string): Promise<Deployment> {
    return this.change({ template: podTemplate(image) });
  }

  get(): Promise<Deployment> {
    return this.base.client.get(deployments, { namespace: 'default', name: 'web' });
  }

  /** The ReplicaSet of an image. */
  async replicaSet(image: string): Promise<ReplicaSet | undefined> {
    const all = await this.base.list<ReplicaSet>(replicaSets);
    return all.find(({ spec }) => spec.template.spec.containers[0]?.image === image);
  }

  /** `{ 'app:1': 2 }`: replicas that each ReplicaSet is to have. */
  async sizes(): Promise<Readonly<Record<string, number>>> {
    const all = await this.base.list<ReplicaSet>(replicaSets);
    return Object.fromEntries(all.map(({ spec }) => [spec.template.spec.containers[0]?.image ?? '', spec.replicas]));
  }

  /** Pods of an image that are not on their way out. */
  async pods(image: string): Promise<readonly Pod[]> {
    const all = await this.base.list<Pod>(pods);
    return all.filter(
      ({ spec, metadata }) => spec.containers[0]?.image === image && metadata.deletionTimestamp === undefined,
    );
  }

  /** `True NewReplicaSetAvailable`. */
  async condition(type: string): Promise<string> {
    const found = (await this.get()).status.conditions?.find((condition) => condition.type === type);
    return found === undefined ? 'none' : `${found.status} ${found.reason}`;
  }

  async message(type: string): Promise<string> {
    return (await this.get()).status.conditions?.find((condition) => condition.type === type)?.message ?? '';
  }

  /** Waits until all pods are of this image and available. */
  async untilComplete(image: string): Promise<void> {
    await this.base.until(async () => {
      const { status, spec, metadata } = await this.get();
      const isSeen = status.observedGeneration === metadata.generation;
      const all = [status.replicas, status.updatedReplicas, status.availableReplicas];
      return (
        isSeen && all.every((count) => (count ?? 0) === spec.replicas) && (await this.sizes())[image] === spec.replicas
      );
    }, `complete with ${image}`);
    await this.base.settle();
  }
}
