/**
 * Makes images present by their pull policy, with the kubelet's back-off, events and waiting reasons.
 *
 * An image on the device never needs a registry unless the policy is Always. Few pulls run at once, and
 * two pods that want the same image wait for one download.
 */
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import type { Secret } from '../../api/kinds/secret.ts';
import type { Clock } from '../../lib/clock.ts';
import { Limiter } from '../../lib/limiter.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { normalizeImageReference } from '../../runtime/image-reference.ts';
import type { Image, Images, RegistryAuth } from '../../runtime/runtime.ts';
import { registryLogin } from './registry-login.ts';

export interface ImageWaiting {
  readonly reason: 'ErrImagePull' | 'ImagePullBackOff' | 'ErrImageNeverPull' | 'InvalidImageName' | 'ImageInspectError';
  readonly message: string;
}

export type EnsureResult =
  | { readonly kind: 'Present'; readonly image: Image }
  | { readonly kind: 'Waiting'; readonly waiting: ImageWaiting; readonly retryAtMonotonicMs?: number };

export interface ImageManagerDeps {
  readonly images: Pick<Images, 'status' | 'pull'>;
  readonly clock: Clock;
  readonly record: (
    pod: Pod,
    event: {
      readonly type: 'Normal' | 'Warning';
      readonly reason: string;
      readonly message: string;
      readonly container: string;
    },
  ) => void;
  readonly secret: (namespace: string, name: string) => Secret | undefined;
  /** KubeletConfiguration's maxParallelImagePulls. */
  readonly maxParallelPulls: number;
}

/** As the kubelet: 10 s, doubling to 5 min; forgotten after twice the longest wait. */
const firstBackOffMs = 10_000;
const longestBackOffMs = 300_000;

interface BackOff {
  readonly delayMs: number;
  readonly untilMonotonicMs: number;
  readonly error: string;
}

export class ImageManager {
  readonly #deps: ImageManagerDeps;
  readonly #pulls: Limiter;
  /** By pod uid and image. */
  readonly #backOffs = new Map<string, BackOff>();

  constructor(deps: ImageManagerDeps) {
    this.#deps = deps;
    this.#pulls = new Limiter(deps.maxParallelPulls);
  }

  async ensure(pod: Pod, container: Container, signal: AbortSignal): Promise<EnsureResult> {
    const asked = container.image ?? '';
    const record = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
      this.#deps.record(pod, { type, reason, message, container: container.name });
    let name: string;
    try {
      name = normalizeImageReference(asked);
    } catch (error) {
      if (!isStatusError(error, 'Invalid')) throw error;
      const message = `Failed to apply default image tag "${asked}": ${error.message}`;
      record('Warning', 'InspectFailed', message);
      record('Warning', 'Failed', 'Error: InvalidImageName');
      return { kind: 'Waiting', waiting: { reason: 'InvalidImageName', message } };
    }

    const present = await this.#deps.images.status(name, signal);
    if (present && container.imagePullPolicy !== 'Always') {
      record(
        'Normal',
        'Pulled',
        `Container image "${asked}" already present on machine and can be accessed by the pod`,
      );
      return { kind: 'Present', image: present };
    }
    if (container.imagePullPolicy === 'Never') {
      const message = `Container image "${asked}" is not present with pull policy of Never`;
      record('Warning', 'ErrImageNeverPull', message);
      record('Warning', 'Failed', 'Error: ErrImageNeverPull');
      return { kind: 'Waiting', waiting: { reason: 'ErrImageNeverPull', message } };
    }
    return await this.#pull(pod, asked, name, record, signal);
  }

  async #pull(
    pod: Pod,
    asked: string,
    name: string,
    record: (type: 'Normal' | 'Warning', reason: string, message: string) => void,
    signal: AbortSignal,
  ): Promise<EnsureResult> {
    const { clock, images } = this.#deps;
    const key = `${pod.metadata.uid} ${name}`;
    const backOff = this.#backOffs.get(key);
    if (backOff && clock.monotonicMs() < backOff.untilMonotonicMs) {
      const message = `Back-off pulling image "${asked}"`;
      record('Normal', 'BackOff', message);
      record('Warning', 'Failed', 'Error: ImagePullBackOff');
      return {
        kind: 'Waiting',
        waiting: { reason: 'ImagePullBackOff', message: `${message}: ErrImagePull: ${backOff.error}` },
        retryAtMonotonicMs: backOff.untilMonotonicMs,
      };
    }

    record('Normal', 'Pulling', `Pulling image "${asked}"`);
    const waitedFrom = clock.monotonicMs();
    try {
      const pulled = await this.#pulls.run(async () => {
        const pulledFrom = clock.monotonicMs();
        const id = await images.pull(name, this.#login(pod, name), signal);
        const image = (await images.status(id, signal)) ?? (await images.status(name, signal));
        if (!image) throw new Error(`image "${asked}" is not there after its pull`);
        return { image, tookMs: clock.monotonicMs() - pulledFrom };
      }, signal);
      this.#backOffs.delete(key);
      const waited = formatSeconds(clock.monotonicMs() - waitedFrom);
      record(
        'Normal',
        'Pulled',
        `Successfully pulled image "${asked}" in ${formatSeconds(pulled.tookMs)} (${waited} including waiting). Image size: ${pulled.image.sizeBytes} bytes.`,
      );
      return { kind: 'Present', image: pulled.image };
    } catch (error) {
      signal.throwIfAborted();
      const message = error instanceof Error ? error.message : String(error);
      record('Warning', 'Failed', `Failed to pull image "${asked}": ${message}`);
      record('Warning', 'Failed', 'Error: ErrImagePull');
      const { untilMonotonicMs } = this.#backOff(key, message);
      return {
        kind: 'Waiting',
        waiting: { reason: 'ErrImagePull', message },
        retryAtMonotonicMs: this.#soon(untilMonotonicMs),
      };
    }
  }

  #backOff(key: string, error: string): BackOff {
    const now = this.#deps.clock.monotonicMs();
    const previous = this.#backOffs.get(key);
    const delayMs = previous ? Math.min(previous.delayMs * 2, longestBackOffMs) : firstBackOffMs;
    const backOff = { delayMs, untilMonotonicMs: now + delayMs, error };
    for (const [other, { untilMonotonicMs }] of this.#backOffs) {
      if (now - untilMonotonicMs > 2 * longestBackOffMs) this.#backOffs.delete(other);
    }
    this.#backOffs.set(key, backOff);
    return backOff;
  }

  /** The next look comes before the back-off ends, so that the status goes on to ImagePullBackOff as the kubelet's does. */
  #soon(untilMonotonicMs: number): number {
    return Math.min(untilMonotonicMs, this.#deps.clock.monotonicMs() + 1_000);
  }

  #login(pod: Pod, image: string): RegistryAuth | undefined {
    const namespace = pod.metadata.namespace ?? '';
    const secrets = (pod.spec.imagePullSecrets ?? []).flatMap(
      ({ name = '' }) => this.#deps.secret(namespace, name) ?? [],
    );
    return registryLogin(image, secrets);
  }
}

/** As Go prints a duration rounded to milliseconds: `308ms`, `1.2s`. */
function formatSeconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)}ms` : `${(Math.round(ms) / 1000).toString()}s`;
}
