/**
 * Makes images present by their pull policy, with the kubelet's back-off, events and waiting reasons.
 *
 * An image on the device needs no registry unless the policy is Always, and even then not when the registry cannot be
 * reached (docs/adr/0023). Few pulls run at once, and two pods that want the same image wait for one download.
 */

import { normalizeImageReference } from '../../api/image-reference.ts';
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import type { Secret } from '../../api/kinds/secret.ts';
import type { Clock } from '../../lib/clock.ts';
import { KeyedMutex } from '../../lib/keyed-mutex.ts';
import { Limiter } from '../../lib/limiter.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { builtAtMs } from '../../lib/version.ts';
import type { Image, Images, PullProgress, RegistryAuth } from '../../runtime/runtime.ts';
import { PullBackOff } from './pull-back-off.ts';
import { explainPullError, isRefusedLogin, isUnreachable, pullFailureOf } from './pull-error.ts';
import { type NodeLogins, registryLogins } from './registry-login.ts';

export interface ImageWaiting {
  readonly reason: 'ErrImagePull' | 'ImagePullBackOff' | 'ErrImageNeverPull' | 'InvalidImageName' | 'ImageInspectError';
  readonly message: string;
}

export type EnsureResult =
  | { readonly kind: 'Present'; readonly image: Image }
  | { readonly kind: 'Waiting'; readonly waiting: ImageWaiting; readonly retryAtMonotonicMs?: number };

/** Is told how pulls go; the names are full ones. It must not fail. */
export interface PullObserver {
  progress(name: string, progress: PullProgress): void;
  failed(name: string, message: string): void;
  done(name: string): void;
}

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
  /** Logins of the node's configuration. Default: none. */
  readonly nodeLogins?: NodeLogins;
  /** Whether Always takes the image that is there when the registry cannot be reached. Default true. */
  readonly usePresentWhenUnreachable?: boolean;
  readonly observer?: PullObserver;
}

/** An image, and where a login for it may stand. */
interface Target {
  /** As somebody said it. */
  readonly asked: string;
  /** In full. */
  readonly name: string;
  readonly secrets: readonly Secret[];
}

/** A container's image, and whom to tell about it. */
interface Wanted extends Target {
  readonly pod: Pod;
  readonly record: (type: 'Normal' | 'Warning', reason: string, message: string) => void;
}

interface Pulled {
  readonly image: Image;
  readonly tookMs: number;
}

export class ImageManager {
  readonly #deps: ImageManagerDeps;
  readonly #pulls: Limiter;
  /** By full name: who wants an image that is being pulled waits for that pull. */
  readonly #names = new KeyedMutex();
  /** By pod uid and image. */
  readonly #backOffs: PullBackOff;

  constructor(deps: ImageManagerDeps) {
    this.#deps = deps;
    this.#pulls = new Limiter(deps.maxParallelPulls);
    this.#backOffs = new PullBackOff(deps.clock);
  }

  async ensure(pod: Pod, container: Container, signal: AbortSignal): Promise<EnsureResult> {
    const asked = container.image ?? '';
    const record: Wanted['record'] = (type, reason, message) =>
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
    const wanted = { pod, asked, name, record, secrets: this.#secretsOf(pod) };

    const present = await this.#deps.images.status(name, signal);
    if (present && container.imagePullPolicy !== 'Always') return usePresent(wanted, present);
    if (container.imagePullPolicy === 'Never') {
      const message = `Container image "${asked}" is not present with pull policy of Never`;
      record('Warning', 'ErrImageNeverPull', message);
      record('Warning', 'Failed', 'Error: ErrImageNeverPull');
      return { kind: 'Waiting', waiting: { reason: 'ErrImageNeverPull', message } };
    }
    return await this.#pull(wanted, present, signal);
  }

  /**
   * Fetches an image because somebody asked for it, also when there is one of that name, with the node's logins.
   *
   * @throws StatusError Invalid when `asked` is no name, NotFound or ServiceUnavailable with what the registry said; the
   *   latter with a `PullFailure` as its cause
   */
  async pull(asked: string, signal: AbortSignal): Promise<Image & { readonly name: string }> {
    const name = normalizeImageReference(asked);
    const isMissing = (await this.#deps.images.status(name, signal)) === undefined;
    try {
      const { image } = await this.#pullInTurn({ asked, name, secrets: [] }, isMissing, signal);
      return { ...image, name };
    } catch (error) {
      signal.throwIfAborted();
      const why = this.#explain(error);
      const message = `failed to pull image "${asked}": ${why}`;
      if (isStatusError(error, 'NotFound')) throw new StatusError('NotFound', message, { cause: error });
      const details = { name, kind: 'images', causes: [{ reason: pullFailureOf(error), message: why }] };
      throw new StatusError('ServiceUnavailable', message, { cause: error, details });
    }
  }

  async #pull(wanted: Wanted, present: Image | undefined, signal: AbortSignal): Promise<EnsureResult> {
    const { clock, usePresentWhenUnreachable = true } = this.#deps;
    const { pod, asked, name, record } = wanted;
    const key = `${pod.metadata.uid} ${name}`;
    const backOff = this.#backOffs.current(key);
    if (backOff) {
      if (present && usePresentWhenUnreachable && isUnreachable(backOff.error)) return usePresent(wanted, present);
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
      const pulled = await this.#pullInTurn(wanted, present === undefined, signal);
      this.#backOffs.succeeded(key);
      const took = formatSeconds(pulled.tookMs);
      const waited = formatSeconds(clock.monotonicMs() - waitedFrom);
      record(
        'Normal',
        'Pulled',
        `Successfully pulled image "${asked}" in ${took} (${waited} including waiting). Image size: ${pulled.image.sizeBytes} bytes.`,
      );
      return { kind: 'Present', image: pulled.image };
    } catch (error) {
      signal.throwIfAborted();
      const message = this.#explain(error);
      const { untilMonotonicMs } = this.#backOffs.failed(key, message);
      if (present && usePresentWhenUnreachable && isUnreachable(error)) {
        const why = `The registry of image "${asked}" cannot be reached, the image on the device is used: ${message}`;
        record('Warning', 'RegistryUnreachable', why);
        return usePresent(wanted, present);
      }
      record('Warning', 'Failed', `Failed to pull image "${asked}": ${message}`);
      record('Warning', 'Failed', 'Error: ErrImagePull');
      return {
        kind: 'Waiting',
        waiting: { reason: 'ErrImagePull', message },
        retryAtMonotonicMs: this.#soon(untilMonotonicMs),
      };
    }
  }

  /** One pull of a name at a time, and few at all. */
  #pullInTurn(target: Target, isMissing: boolean, signal: AbortSignal): Promise<Pulled> {
    const pull = (): Promise<Pulled> => this.#pullNow(target, isMissing, signal);
    return this.#names.run(target.name, () => this.#pulls.run(pull, signal), signal);
  }

  /** @param isMissing somebody else may have pulled it meanwhile; then that is enough */
  async #pullNow(target: Target, isMissing: boolean, signal: AbortSignal): Promise<Pulled> {
    const { asked, name } = target;
    const { images, clock, observer } = this.#deps;
    const from = clock.monotonicMs();
    try {
      const pulledMeanwhile = isMissing ? await images.status(name, signal) : undefined;
      if (pulledMeanwhile) return { image: pulledMeanwhile, tookMs: clock.monotonicMs() - from };
      observer?.progress(name, { phase: 'Resolving', layers: [] });
      const id = await this.#withLogins(target, (auth) =>
        images.pull(name, auth, signal, (progress) => observer?.progress(name, progress)),
      );
      const image = (await images.status(id, signal)) ?? (await images.status(name, signal));
      if (!image) throw new Error(`image "${asked}" is not there after its pull`);
      observer?.done(name);
      return { image, tookMs: clock.monotonicMs() - from };
    } catch (error) {
      // Told here, while it is known how far the pull came. One whose image is there has not failed for anybody.
      if (signal.aborted || !isMissing) observer?.done(name);
      else observer?.failed(name, this.#explain(error));
      throw error;
    }
  }

  #explain(error: unknown): string {
    return explainPullError(error, this.#deps.clock.now(), builtAtMs);
  }

  /** Tries one login after the other, as long as the registry refuses them; none when there is none. */
  async #withLogins<T>({ name, secrets }: Target, pull: (auth: RegistryAuth | undefined) => Promise<T>): Promise<T> {
    const { nodeLogins = new Map() } = this.#deps;
    const [first, ...others] = registryLogins(name, secrets, nodeLogins);
    let pulling = pull(first);
    for (const login of others) {
      pulling = pulling.catch((error: unknown) => {
        if (!isRefusedLogin(error)) throw error;
        return pull(login);
      });
    }
    return await pulling;
  }

  #secretsOf({ metadata: { namespace = '' }, spec: { imagePullSecrets = [] } }: Pod): readonly Secret[] {
    return imagePullSecrets.flatMap(({ name = '' }) => this.#deps.secret(namespace, name) ?? []);
  }

  /** The next look comes before the back-off ends, so that the status goes on to ImagePullBackOff as the kubelet's does. */
  #soon(untilMonotonicMs: number): number {
    return Math.min(untilMonotonicMs, this.#deps.clock.monotonicMs() + 1_000);
  }
}

function usePresent({ asked, record }: Wanted, image: Image): EnsureResult {
  record('Normal', 'Pulled', `Container image "${asked}" already present on machine and can be accessed by the pod`);
  return { kind: 'Present', image };
}

/** As Go prints a duration rounded to milliseconds: `308ms`, `1.2s`. */
function formatSeconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)}ms` : `${(Math.round(ms) / 1000).toString()}s`;
}
