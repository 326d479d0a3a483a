/**
 * Frees the space of images that nothing wants, by the kubelet's thresholds and ages, and ends pulls that nobody goes on
 * with. Never removed: an image that a stored object wants (pods and templates, so also what a roll-back returns to), one
 * that a container uses, one that was side-loaded (no registry has it), and the sandbox image.
 */
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import type { Images, Runtime, StoredImage } from '../../runtime/runtime.ts';
import { bytesToFree, computeExpired, computeGarbage, type DiskSpace, type UnusedImage } from './compute-garbage.ts';
import type { ImageUsers } from './compute-images.ts';

/** What a pull had downloaded is kept for so long after anything wanted the image. */
const abandonedAfterMs = 24 * 60 * 60_000;

export interface CollectorSettings {
  readonly imageGCHighThresholdPercent: number;
  readonly imageGCLowThresholdPercent: number;
  /** Milliseconds. */
  readonly imageMinimumGCAge: number;
  /** Milliseconds; 0: no limit. */
  readonly imageMaximumGCAge: number;
  /** Milliseconds between two looks. */
  readonly imageGCPeriod: number;
}

export interface ImageCollectorDeps {
  readonly images: Pick<Images, 'list' | 'remove' | 'listPulls' | 'abandonPull'>;
  readonly runtime: Pick<Runtime, 'listContainers'>;
  readonly users: () => Promise<ImageUsers>;
  /** Space of the file system that images lie on. */
  readonly space: () => Promise<DiskSpace>;
  /** Tells people, at the node. */
  readonly warn: (reason: string, message: string) => void;
  /** Images were removed. */
  readonly onRemoved: () => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: CollectorSettings;
  readonly whenRuntimeReady: Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
}

interface Seen {
  readonly firstSeenMs: number;
  lastUsedMs: number;
}

export class ImageCollector {
  readonly #deps: ImageCollectorDeps;
  /** By image id. */
  #seen = new Map<string, Seen>();
  /** By the image's name, since when nothing wants what its pull left. */
  #unwantedPulls = new Map<string, number>();
  #hasFailed = false;

  constructor(deps: ImageCollectorDeps) {
    this.#deps = deps;
  }

  /** Looks each period until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, settings, whenRuntimeReady, random, log, warn } = this.#deps;
    await untilAborted(whenRuntimeReady, signal).catch(() => {});
    while (!signal.aborted) {
      try {
        await this.collect(signal);
        this.#hasFailed = false;
      } catch (error) {
        if (signal.aborted) return;
        log.warn('images were not collected', { error });
        // As the kubelet: a first failure may be of a start that is not over yet.
        if (this.#hasFailed) warn('ImageGCFailed', error instanceof Error ? error.message : String(error));
        this.#hasFailed = true;
      }
      await clock.sleep(settings.imageGCPeriod * (0.9 + 0.2 * random()), signal).catch(() => {});
    }
  }

  /**
   * One look: removes what is due.
   *
   * @throws Error in the kubelet's words when not enough could be freed
   */
  async collect(signal: AbortSignal): Promise<void> {
    const { settings, clock, space, warn } = this.#deps;
    const limits = { minimumAgeMs: settings.imageMinimumGCAge, maximumAgeMs: settings.imageMaximumGCAge };
    const unused = await this.#lookForUnused(signal);
    const now = clock.monotonicMs();
    const expired = computeExpired(unused, limits, now);
    await this.#remove(expired, signal);

    const { imageGCHighThresholdPercent: high, imageGCLowThresholdPercent: low } = settings;
    const wanted = bytesToFree(await space(), high, low);
    await this.#endPulls(wanted > 0, signal);
    if (wanted === 0) return;
    const left = unused.filter((image) => !expired.includes(image));
    const garbage = computeGarbage(left, limits, wanted, now);
    const freed = await this.#remove(garbage, signal);
    if (freed >= wanted) return;
    const message = `Failed to garbage collect required amount of images. Attempted to free ${wanted} bytes, but only found ${freed} bytes eligible to free.`;
    warn('FreeDiskSpaceFailed', message);
    throw new Error(message);
  }

  /** For a node that is short of disk: removes all that may be removed, however full the file system is, as the kubelet does. */
  async reclaim(signal: AbortSignal): Promise<void> {
    const { settings, clock } = this.#deps;
    const limits = { minimumAgeMs: settings.imageMinimumGCAge, maximumAgeMs: settings.imageMaximumGCAge };
    const unused = await this.#lookForUnused(signal);
    const now = clock.monotonicMs();
    await this.#remove(computeGarbage(unused, limits, Infinity, now), signal);
    await this.#endPulls(true, signal);
  }

  /** Asks last what is wanted, which changes most. */
  async #lookForUnused(signal: AbortSignal): Promise<readonly UnusedImage[]> {
    const { images, runtime, clock } = this.#deps;
    const inUse = new Set((await runtime.listContainers({}, signal)).map(({ imageId }) => imageId));
    const stored = await images.list(signal);
    const users = await this.#deps.users();
    const now = clock.monotonicMs();
    const seen = new Map<string, Seen>();
    const unused: UnusedImage[] = [];
    for (const image of stored) {
      const { id, sizeBytes } = image;
      const before = this.#seen.get(id) ?? { firstSeenMs: now, lastUsedMs: 0 };
      const isUsed = inUse.has(id) || namesOf(image).some((name) => users.has(name));
      if (isUsed) before.lastUsedMs = now;
      seen.set(id, before);
      if (!isUsed && !image.sideLoaded && !image.pinned) unused.push({ id, sizeBytes, ...before });
    }
    this.#seen = seen;
    return unused;
  }

  /**
   * Looks again before each, as a pod may have come to want it meanwhile, and no registry may be in reach.
   *
   * @returns bytes of what was removed
   */
  async #remove(garbage: readonly UnusedImage[], signal: AbortSignal): Promise<number> {
    const { images, log, onRemoved } = this.#deps;
    let freed = 0;
    for (const { id, sizeBytes } of garbage) {
      const unused = await this.#lookForUnused(signal);
      if (!unused.some((image) => image.id === id)) continue;
      log.info('image removed to free space', { image: id, sizeBytes });
      await images.remove(id, signal);
      this.#seen.delete(id);
      freed += sizeBytes;
    }
    if (garbage.length > 0) onRemoved();
    return freed;
  }

  /** What a pull had downloaded stays while something wants the image, and a day longer; not when space is short. */
  async #endPulls(isShort: boolean, signal: AbortSignal): Promise<void> {
    const { images, users, clock, log } = this.#deps;
    const now = clock.monotonicMs();
    const unwanted = new Map<string, number>();
    for (const name of await images.listPulls(signal)) {
      // Asked before each, as for images: it takes its time to remove the others.
      if ((await users()).has(name)) continue;
      const since = this.#unwantedPulls.get(name) ?? now;
      if (isShort || now - since >= abandonedAfterMs) {
        log.info('an unfinished pull is given up', { image: name });
        await images.abandonPull(name, signal);
      } else unwanted.set(name, since);
    }
    this.#unwantedPulls = unwanted;
  }
}

function namesOf({ id, tags, digests }: StoredImage): readonly string[] {
  return [id, ...tags, ...digests];
}
