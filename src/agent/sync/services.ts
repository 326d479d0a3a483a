/**
 * What the sync loop needs of the other parts of the agent, in its own words. `kubelet.ts`
 * joins them; tests pass small fakes.
 */
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import type { ContainerConfig, ContainerId, Image, SandboxConfig } from '../../runtime/runtime.ts';
import type { PodHealth } from '../container-health.ts';
import type { ObservedPod } from '../observed-pod.ts';
import type { PodRef } from '../pod-names.ts';

/** Why a container does not run yet, as `state.waiting`. */
export interface Waiting {
  readonly reason: string;
  readonly message?: string;
}

export type ImageResult =
  | { readonly kind: 'Present'; readonly image: Image }
  /** `retryAtMonotonicMs`: nothing changes before; without it the caller's own back-off decides. */
  | { readonly kind: 'Waiting'; readonly waiting: Waiting; readonly retryAtMonotonicMs?: number };

export interface ImageProvider {
  /** Makes the image of a container present by its pull policy, with the events that belong to it. */
  ensure(pod: Pod, container: Container, signal: AbortSignal): Promise<ImageResult>;
}

/** Which of the containers of one name it is. */
export interface ContainerIdentity {
  readonly attempt: number;
  readonly restartCount: number;
  readonly backOffCount: number;
  /** The running container that an ephemeral one is to look into, when it names one. */
  readonly pidTarget?: ContainerId | undefined;
}

export type ContainerConfigResult =
  | { readonly kind: 'Config'; readonly config: ContainerConfig }
  | { readonly kind: 'Waiting'; readonly waiting: Waiting };

export interface ConfigProvider {
  /** @throws StatusError `Invalid` when the device cannot run the pod as asked */
  sandbox(pod: Pod, attempt: number): Promise<SandboxConfig>;
  container(
    pod: Pod,
    container: Container,
    image: Image,
    identity: ContainerIdentity,
    podIPs: readonly string[],
  ): Promise<ContainerConfigResult>;
}

export interface PodVolumes {
  /**
   * Makes every volume present and up to date. Repeatable.
   *
   * @throws VolumeError when one cannot be
   */
  setUp(pod: Pod, signal: AbortSignal): Promise<void>;
  /** Brings files up to date whose source changed, in a pod that runs. Throws as `setUp`. */
  refresh(pod: Pod, signal: AbortSignal): Promise<void>;
  /** Removes everything of the pod's volumes. Repeatable; fine when there is none. */
  tearDown(uid: string, signal: AbortSignal): Promise<void>;
}

/** A volume that could not be set up; the message is the kubelet's, for the FailedMount event. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}

export interface PodCgroups {
  /** Creates the pod's cgroup with its limits. Repeatable. */
  ensure(pod: Pod, signal: AbortSignal): Promise<void>;
  /** Fine when there is none. */
  remove(uid: string, signal: AbortSignal): Promise<void>;
}

export interface PodEvents {
  record(
    pod: Pod | PodRef,
    event: {
      readonly type: 'Normal' | 'Warning';
      readonly reason: string;
      readonly message: string;
      /** Name of the container it is about. */
      readonly container?: string;
      readonly component?: string;
    },
  ): void;
}

export interface ObservedPods {
  read(uid: string, signal: AbortSignal): Promise<ObservedPod>;
  distrust(uid: string): void;
  get(uid: string): ObservedPod | undefined;
}

/** How one of a pod's containers is ended. */
export interface EndOptions {
  /** Milliseconds; 0: at once, without a hook. */
  readonly graceMs: number;
  readonly podIP: string;
}

interface EndedContainer {
  readonly id: ContainerId;
  readonly name: string;
  readonly isRunning: boolean;
}

/** What is done to containers at their beginning and their end: hooks, the stop signal, the order of a pod's end. */
export interface ContainerLifecycle {
  /** Runs the hook of a container that was just started; why it failed, else undefined. Throws the signal's reason. */
  postStart(
    target: {
      readonly pod: Pod;
      readonly container: Container;
      readonly containerId: ContainerId;
      readonly podIP: string;
    },
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** Ends one container of a pod that goes on; `message` is the event's. */
  end(
    pod: Pod,
    container: EndedContainer,
    options: EndOptions & { readonly message: string },
    signal: AbortSignal,
  ): Promise<void>;
  /** Ends the containers of a pod that ends, in Kubernetes' order. */
  endAll(
    ref: PodRef,
    pod: Pod | undefined,
    containers: readonly EndedContainer[],
    options: EndOptions,
    signal: AbortSignal,
  ): Promise<void>;
  forget(uid: string): void;
}

/** What is asked of containers that run. */
export interface ContainerProbes {
  /** Follows the pod's containers as they are now; what is known of those that run. */
  look(pod: Pod, observed: ObservedPod): PodHealth;
  /** What is known of the containers that ran at the last look. */
  health(uid: string): PodHealth;
  /** The pod is to end: no probe ends its containers any more. */
  endPod(uid: string): void;
  forget(uid: string): void;
}

/** Texts that ended containers left behind. */
export interface TerminationMessages {
  /** By container id, for those that ended and left one. */
  read(observed: ObservedPod, pod: Pod): Promise<ReadonlyMap<string, string>>;
  /** Forgets and removes what belongs to a pod. */
  remove(uid: string): Promise<void>;
}

/** Why a pod is ended for good although its spec would have it run: refused, evicted. */
export interface Verdict {
  /** `reason` and `message` of the pod's status. */
  readonly reason: string;
  readonly message: string;
  /** Seconds that its containers get to end; undefined for as long as the pod's own. */
  readonly graceSeconds?: number;
  /** An event that goes with it, a warning unless it says otherwise. */
  readonly event?: { readonly type?: 'Normal' | 'Warning'; readonly reason: string; readonly message: string };
  /** A condition of the pod that goes with it. */
  readonly condition?: { readonly type: string; readonly reason: string; readonly message: string };
}

/** How long a pod may be active. */
export interface PodDeadlines {
  /** When it is to be failed, on the clock that never jumps; undefined: never. */
  dueMs(pod: Pod): number | undefined;
  verdict(pod: Pod): Verdict | undefined;
  forget(uid: string): void;
}

/** Whoever may end a pod for good. */
export interface PodVerdicts {
  verdict(pod: Pod, observed: ObservedPod): Verdict | undefined;
}
