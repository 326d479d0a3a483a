/** Reads everything the runtime knows of one pod, in few calls: containers that ended are read once. */
import type { Clock } from '../../lib/clock.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type {
  Runtime,
  RuntimeContainer,
  RuntimeContainerStatus,
  Sandbox,
  SandboxStatus,
} from '../../runtime/runtime.ts';
import type { ObservedContainer, ObservedPod } from '../observed-pod.ts';
import { runtimeLabels } from '../runtime-labels.ts';

export interface PodLookerDeps {
  readonly runtime: Pick<Runtime, 'listSandboxes' | 'listContainers' | 'sandboxStatus' | 'containerStatus'>;
  readonly instanceId: string;
  readonly clock: Clock;
}

export class PodLooker {
  readonly #deps: PodLookerDeps;

  constructor(deps: PodLookerDeps) {
    this.#deps = deps;
  }

  /**
   * @param previous the last look; what cannot have changed since is taken from it
   * @throws StatusError of the runtime; then nothing is known
   */
  async look(uid: string, previous: ObservedPod | undefined, signal: AbortSignal): Promise<ObservedPod> {
    const { runtime, instanceId, clock } = this.#deps;
    const readAtMonotonicMs = clock.monotonicMs();
    const selector = { [runtimeLabels.instance]: instanceId, [runtimeLabels.podUid]: uid };
    const [sandboxes, containers] = await Promise.all([
      runtime.listSandboxes(selector, signal),
      runtime.listContainers(selector, signal),
    ]);
    const known = new Map(previous?.containers.map((container) => [container.id, container]));
    const [sandboxStatuses, containerStatuses] = await Promise.all([
      Promise.all(sandboxes.map((sandbox) => this.#sandboxStatus(sandbox, signal))),
      Promise.all(containers.map((container) => this.#containerStatus(container, known.get(container.id), signal))),
    ]);
    const newest = sandboxes[0];
    return {
      uid,
      namespace: newest?.namespace ?? previous?.namespace ?? '',
      name: newest?.name ?? previous?.name ?? '',
      sandboxes: sandboxStatuses.filter((status) => status !== undefined).sort(newestFirst),
      containers: containerStatuses.filter((status) => status !== undefined).sort(newestFirst),
      readAtMonotonicMs,
    };
  }

  /** Undefined when it vanished since it was listed. */
  async #sandboxStatus(sandbox: Sandbox, signal: AbortSignal): Promise<SandboxStatus | undefined> {
    if (!sandbox.ready) return { ...sandbox, ips: [] };
    try {
      return await this.#deps.runtime.sandboxStatus(sandbox.id, signal);
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #containerStatus(
    container: RuntimeContainer,
    known: ObservedContainer | undefined,
    signal: AbortSignal,
  ): Promise<ObservedContainer | undefined> {
    if (known?.state === 'Exited' && container.state === 'Exited') return known;
    try {
      const status = await this.#deps.runtime.containerStatus(container.id, signal);
      const announced = status.state === 'Running' && known?.announcedEnd ? { announcedEnd: known.announcedEnd } : {};
      return { ...status, ...announced, endedAtMonotonicMs: this.#endedAt(status, known) };
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /** A jumped wall clock can shorten a back-off by this, never lengthen it. */
  #endedAt(status: RuntimeContainerStatus, known: ObservedContainer | undefined): number {
    if (status.state !== 'Exited') return 0;
    const { clock } = this.#deps;
    // Seen running before: it ended between two looks, whatever the wall clock says.
    if (known !== undefined) return clock.monotonicMs();
    return clock.monotonicMs() - Math.max(0, clock.now() - (status.finishedAtMs || status.createdAtMs));
  }
}

function newestFirst(
  a: { readonly attempt: number; readonly createdAtMs: number },
  b: { readonly attempt: number; readonly createdAtMs: number },
): number {
  return b.attempt - a.attempt || b.createdAtMs - a.createdAtMs;
}
