/**
 * Which images are unpacked *and* on disk.
 *
 * containerd calls an image complete before its files are flushed: a power cut 40 s later left 3,003 of 3,003
 * files empty (measured). So the file system of containerd's root is synced first, then a label is set on the
 * blob of the image's configuration. The label is durable and in order: containerd's metadata database fsyncs
 * each transaction. It sits beside containerd's own label that names the unpacked snapshot, and goes with it.
 *
 * After a power cut an image without the mark is unpacked again from the content store (whose blobs are synced
 * one by one), with no network.
 */
import type { RunChild } from '../../../host/run-child.ts';
import type { Clock } from '../../../lib/clock.ts';
import { isStatusError, StatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { contentService, criImages, leaseService } from '../methods.ts';

const syncedLabel = 'run.eliot/unpacked-and-synced';
const snapshotLabelPrefix = 'containerd.io/gc.ref.snapshot.';

/** Flushing a slow card may take long; nothing waits for it but the mark. */
const syncTimeoutMs = 10 * 60_000;

/** For calls that look at metadata, or change a label: nobody watches over containerd yet while images are settled. */
const callTimeoutMs = 20_000;

export interface SyncedImagesDeps {
  readonly grpc: GrpcClient;
  readonly clock: Clock;
  readonly runChild: RunChild;
  /** containerd's root directory. */
  readonly root: string;
}

export class SyncedImages {
  readonly #deps: SyncedImagesDeps;
  /** Image ids known to carry the mark; saves a look at each container start. */
  readonly #marked = new Set<string>();
  #syncing: Promise<void> | undefined;

  constructor(deps: SyncedImagesDeps) {
    this.#deps = deps;
  }

  /**
   * Flushes the file system and marks the image. Call it when the image is known to be unpacked: after a pull, and
   * after a container was created from it.
   *
   * @param imageId digest of the image's configuration
   */
  async markUnpacked(imageId: string, signal: AbortSignal): Promise<void> {
    if (this.#marked.has(imageId)) return;
    const labels = await this.#labelsOf(imageId, signal);
    if (labels?.[syncedLabel] === undefined) {
      await this.#sync(signal);
      await this.#setLabels(imageId, { [syncedLabel]: 'true' }, signal);
    }
    this.#marked.add(imageId);
  }

  /**
   * Makes the unmarked images good. After a boot their unpacked files cannot be trusted: they are dropped, and the
   * next container unpacks them again. Otherwise they are flushed and marked. Call it while no container of ours
   * uses them.
   *
   * @param isNewBoot whether the machine has started since the images were made
   * @returns the ids of the images that will be unpacked again
   */
  async settle(isNewBoot: boolean, signal: AbortSignal): Promise<readonly string[]> {
    const { images } = await this.#deps.grpc.unary(criImages.listImages, {}, { signal, timeoutMs: callTimeoutMs });
    const dropped: string[] = [];
    for (const { id } of images) {
      const labels = await this.#labelsOf(id, signal);
      if (labels === undefined || labels[syncedLabel] !== undefined) continue;
      const snapshots = Object.keys(labels).filter((key) => key.startsWith(snapshotLabelPrefix) && labels[key] !== '');
      if (snapshots.length === 0) continue;
      if (!isNewBoot) await this.markUnpacked(id, signal);
      else {
        await this.#setLabels(id, Object.fromEntries(snapshots.map((key) => [key, ''])), signal);
        dropped.push(id);
      }
    }
    if (dropped.length > 0) await this.#collectGarbage(signal);
    return dropped;
  }

  /** Flushes once for all who ask at the same moment. */
  #sync(signal: AbortSignal): Promise<void> {
    this.#syncing ??= this.#runSync(signal).finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  async #runSync(signal: AbortSignal): Promise<void> {
    const { runChild, root } = this.#deps;
    const result = await runChild('sync', ['-f', root], signal, { timeoutMs: syncTimeoutMs });
    if (result.exitCode === 0) return;
    throw new StatusError('InternalError', `cannot flush ${root} to disk: ${result.stderr.trim()}`);
  }

  async #labelsOf(
    digest: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string | undefined>> | undefined> {
    try {
      const { info } = await this.#deps.grpc.unary(
        contentService.info,
        { digest },
        { signal, timeoutMs: callTimeoutMs },
      );
      return info?.labels ?? {};
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #setLabels(digest: string, labels: Record<string, string>, signal: AbortSignal): Promise<void> {
    const paths = Object.keys(labels).map((key) => `labels.${key}`);
    const request = { info: { digest, labels }, updateMask: { paths } };
    await this.#deps.grpc.unary(contentService.update, request, { signal, timeoutMs: callTimeoutMs });
  }

  /** A lease deleted synchronously makes containerd collect at once. */
  async #collectGarbage(signal: AbortSignal): Promise<void> {
    const { grpc, clock } = this.#deps;
    const id = `eliot-collect-${clock.now()}`;
    await grpc.unary(leaseService.create, { id }, { signal, timeoutMs: callTimeoutMs });
    // Removing large images from a slow card takes its time.
    await grpc.unary(leaseService.delete, { id, sync: true }, { signal, timeoutMs: syncTimeoutMs });
  }
}
