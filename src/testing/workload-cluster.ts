/**
 * An API without a kubelet, for tests of the controllers that make pods: a real registry over a memory store, real
 * informers, room for a hundred pods, a clock that stands still, and pods that do what the test says of their image.
 */
import type { Deployment } from '../api/kinds/deployment.ts';
import type { Pod } from '../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../api/kinds/replica-set.ts';
import type { KubeObject, ObjectMeta } from '../api/meta.ts';
import type { GroupVersionResource, ObjectClient } from '../api/object-client.ts';
import { deployments, namespaces, pods, replicaSets } from '../api/resources.ts';
import { findKindByName } from '../api/scheme.ts';
import { systemUser } from '../apiserver/identity.ts';
import { createLocalClient } from '../apiserver/local-client.ts';
import { PodQuota } from '../apiserver/pod-quota.ts';
import { Registry } from '../apiserver/registry.ts';
import { Informer } from '../client/informer.ts';
import { withoutManagedFields } from '../controllers/without-managed-fields.ts';
import { formatTime } from '../lib/clock.ts';
import { silentLogger } from '../lib/logger.ts';
import { isStatusError } from '../lib/status-error.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { FakeClock } from './fake-clock.ts';
import { settle, until } from './settle.ts';

/**
 * What pods of an image do: become ready, run without becoming ready, find no room, start again and again; `ends`:
 * become ready and do not end when they are told to, until the test says so.
 */
export type PodBehaviour = 'ready' | 'unready' | 'pending' | 'unschedulable' | 'crashing' | 'lingering' | 'refused';

export class WorkloadCluster {
  readonly clock = new FakeClock(Date.UTC(2026, 10, 22, 10));
  readonly podQuota = new PodQuota({ clock: this.clock, podQuota: 100 });
  readonly registry = new Registry({
    store: new MemoryStore(),
    clock: this.clock,
    nodeName: 'device',
    takePodPlace: (pod) => this.podQuota.take(pod),
  });
  readonly client: ObjectClient = createLocalClient(this.registry, systemUser('controller'));
  readonly log = silentLogger;
  /** `Warning FailedCreate ReplicaSet/web Error creating: …`, as recorded. */
  readonly events: string[] = [];
  /** By image; others become ready. */
  readonly behaviours = new Map<string, PodBehaviour>();
  readonly pods: Informer<Pod>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly deployments: Informer<Deployment>;
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>[] = [];

  private constructor() {
    this.pods = this.follow(pods);
    this.podQuota.follow(this.pods, this.#stop.signal);
    this.replicaSets = this.follow(replicaSets, withoutManagedFields);
    this.deployments = this.follow(deployments, withoutManagedFields);
  }

  static async start(): Promise<WorkloadCluster> {
    const cluster = new WorkloadCluster();
    const metadata = { name: 'default' };
    await cluster.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
    cluster.pods.onChange(({ type, object }) => {
      if (type !== 'deleted') cluster.run(() => cluster.#play(object));
    });
    return cluster;
  }

  /** A local copy of the objects of a resource. */
  follow<T extends { readonly metadata: ObjectMeta }>(
    resource: GroupVersionResource,
    trim: (object: unknown) => unknown = (object) => object,
  ): Informer<T> {
    const informer = new Informer<T>({ client: this.client, resource, clock: this.clock, log: this.log, trim });
    this.run((signal) => informer.run(signal));
    return informer;
  }

  /** Runs something beside the test, until `stop`. */
  run(task: (signal: AbortSignal) => Promise<unknown>): void {
    this.#running.push(task(this.#stop.signal));
  }

  readonly recordFor = (
    object: Pick<KubeObject, 'kind' | 'metadata'>,
    event: { readonly type: string; readonly reason: string; readonly message: string },
  ): void => {
    this.events.push(`${event.type} ${event.reason} ${object.kind}/${object.metadata.name} ${event.message}`);
  };

  /** Ends everything. @throws what a task threw */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  async create<T extends KubeObject>(manifest: Readonly<Record<string, unknown>>): Promise<T> {
    const resource = findKindByName(String(manifest['apiVersion']), String(manifest['kind']));
    if (!resource) throw new Error(`${String(manifest['kind'])} is not known here`);
    return this.client.create<T>(resource, manifest as unknown as T);
  }

  /** Merge-patches an object of the namespace `default`. */
  patch<T = KubeObject>(
    resource: GroupVersionResource,
    name: string,
    patch: unknown,
    subresource?: string,
  ): Promise<T> {
    const key = { namespace: 'default', name };
    return this.client.patch<T>(resource, key, 'merge', patch, subresource ? { subresource } : {});
  }

  /** As JSON objects, whatever the informers have seen. */
  async list<T extends KubeObject>(resource: GroupVersionResource): Promise<readonly T[]> {
    return (await this.client.list<T>(resource)).items;
  }

  /** Waits until nothing more happens without the clock. */
  async settle(): Promise<void> {
    await settle(150);
  }

  async until(condition: () => boolean | Promise<boolean>, what?: string): Promise<void> {
    await until(condition, what);
  }

  /** Moves the clock, in steps small enough that what sleeps may sleep again. */
  async advance(ms: number): Promise<void> {
    const step = Math.max(1_000, Math.ceil(ms / 50));
    for (let left = ms; left > 0; left -= step) {
      this.clock.advance(Math.min(step, left));
      await settle(40);
    }
  }

  /** Lets pods go that linger. */
  async endPods(): Promise<void> {
    for (const pod of await this.list<Pod>(pods)) {
      if (pod.metadata.deletionTimestamp !== undefined) await this.#remove(pod);
    }
  }

  /** Says that a container of the pod was started again. */
  async crash(pod: Pod, exitCode = 1): Promise<void> {
    const now = formatTime(this.clock.now());
    const [before] = pod.status.containerStatuses ?? [];
    const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: now, finishedAt: now };
    const status = { ...before, restartCount: (before?.restartCount ?? 0) + 1, lastState: { terminated } };
    await this.patch(pods, pod.metadata.name ?? '', { status: { containerStatuses: [status] } }, 'status');
  }

  /** Says that the pod is ready, or no longer. */
  async setReady(pod: Pod, ready: boolean): Promise<void> {
    await this.#writeStatus(pod, { phase: 'Running', ready });
  }

  async #play(pod: Pod): Promise<void> {
    const behaviour = this.behaviours.get(pod.spec.containers[0]?.image ?? '') ?? 'ready';
    if (pod.metadata.deletionTimestamp !== undefined) {
      if (behaviour !== 'lingering') await this.#remove(pod);
      return;
    }
    if (pod.status.phase !== 'Pending' || pod.status.containerStatuses !== undefined) return;
    if (behaviour === 'pending') return;
    if (behaviour === 'refused') return this.#say(pod, { phase: 'Failed', reason: 'SysctlForbidden' });
    if (behaviour === 'unschedulable') return this.#say(pod, { conditions: [unschedulable(this.clock.now())] });
    await this.#writeStatus(pod, { phase: 'Running', ready: behaviour === 'ready' || behaviour === 'lingering' });
    if (behaviour === 'crashing') await this.crash(pod);
  }

  async #writeStatus(pod: Pod, { phase, ready }: { readonly phase: string; readonly ready: boolean }): Promise<void> {
    const now = formatTime(this.clock.now());
    const before = pod.status.containerStatuses?.[0];
    await this.#say(pod, {
      phase,
      conditions: [
        { type: 'PodScheduled', status: 'True', lastTransitionTime: now },
        { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: now },
      ],
      containerStatuses: [{ name: 'app', image: '', imageID: '', restartCount: 0, ...before, ready }],
    });
  }

  async #say(pod: Pod, status: object): Promise<void> {
    await this.patch(pods, pod.metadata.name ?? '', { status }, 'status').catch(unlessGone);
  }

  async #remove({ metadata: { name = '' } }: Pod): Promise<void> {
    await this.client.delete(pods, { namespace: 'default', name }, { gracePeriodSeconds: 0 }).catch(unlessGone);
  }
}

function unschedulable(nowMs: number): object {
  const message = '0/1 nodes are available: 1 Insufficient memory.';
  const lastTransitionTime = formatTime(nowMs);
  return { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastTransitionTime };
}

function unlessGone(error: unknown): void {
  if (!isStatusError(error, 'NotFound')) throw error;
}
