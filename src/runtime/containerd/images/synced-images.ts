/**
 * Which images are unpacked *and* on disk.
 *
 * containerd calls an image complete before its files are flushed: a power cut 40 s later left 3,003 of 3,003
 * files empty (measured). So the file system of containerd's root is synced first, then a label is set on the
 * blob of the image's configuration. The label is durable and in order: containerd's metadata database fsyncs
 * each transaction. It sits beside containerd's own label that names the unpacked snapshot, and goes with it.
 *
 * After a power cut an image without the mark is unpacked again from the content store, with no network. So are the
 * layers that an unfinished pull had unpacked: they look complete, and the pull would build on them.
 *
 * A blob's bytes are synced when it is committed, its name is not: containerd's record of it is durable at once, as
 * fdatasync is enough for that, and the name follows with the file system's next transaction, on ext4 within five
 * seconds. A blob that is on record and not there would never be fetched or loaded again, so it is taken off the record.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Info } from '../../../gen/containerd/content.ts';
import type { RunChild } from '../../../host/run-child.ts';
import type { Clock } from '../../../lib/clock.ts';
import { isStatusError, StatusError } from '../../../lib/status-error.ts';
import { untilAborted } from '../../../lib/until-aborted.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { contentService, leaseService } from '../methods.ts';
import { endLease, listPullLeases, resourcesOf } from './pull-lease.ts';
import { removeUsersOf } from './remove-users.ts';

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
  /** Undefined when there is none. */
  readonly sandboxImageId: (signal: AbortSignal) => Promise<string | undefined>;
}

export class SyncedImages {
  readonly #deps: SyncedImagesDeps;
  /** Image ids known to carry the mark; saves a look at each container start. */
  readonly #marked = new Set<string>();
  #flushing: Promise<void> = Promise.resolve();
  /** The flush that has not begun yet. */
  #nextFlush: Promise<void> | undefined;

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
      await this.flush(signal);
      await this.#setLabels(imageId, { [syncedLabel]: 'true' }, signal);
    }
    this.#marked.add(imageId);
  }

  /** Forgets which marks were seen: an image was removed, and may come back without one. */
  forget(): void {
    this.#marked.clear();
  }

  /** The ids of the images that carry the mark. */
  async listMarked(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const blobs = await this.#blobs([`labels."${syncedLabel}"==true`], signal);
    return new Set(blobs.map(({ digest }) => digest));
  }

  /**
   * Makes the unmarked images good. After a boot their unpacked files cannot be trusted: they are dropped, and the
   * next container unpacks them again; containers that were made from them are removed. Otherwise they are flushed
   * and marked. Call it before the first pod is started.
   *
   * @param isNewBoot whether the machine has started since the images were made
   * @returns the ids of the images that will be unpacked again
   */
  async settle(isNewBoot: boolean, signal: AbortSignal): Promise<readonly string[]> {
    const heldBefore = isNewBoot ? await this.#dropFormerWork(signal) : 0;
    if (isNewBoot) await this.#forgetLostBlobs(signal);
    const dropped: string[] = [];
    for (const { digest, labels } of await this.#blobs([], signal)) {
      if (labels[syncedLabel] !== undefined) continue;
      const snapshots = Object.keys(labels).filter((key) => key.startsWith(snapshotLabelPrefix) && labels[key] !== '');
      if (snapshots.length === 0) continue;
      if (!isNewBoot) await this.markUnpacked(digest, signal);
      else {
        await this.#setLabels(digest, Object.fromEntries(snapshots.map((key) => [key, ''])), signal);
        dropped.push(digest);
      }
    }
    if (dropped.length > 0) {
      const { grpc, sandboxImageId } = this.#deps;
      await removeUsersOf(grpc, new Set(dropped), await sandboxImageId(signal), signal);
    }
    if (dropped.length + heldBefore > 0) await this.collectGarbage(signal);
    return dropped;
  }

  /**
   * Flushes containerd's file system. Who asks while a flush is under way shares the one after it: the one under way
   * may have passed over what was written last.
   */
  flush(signal: AbortSignal): Promise<void> {
    this.#nextFlush ??= this.#flushing = this.#flushing
      .catch(() => {})
      .then(() => {
        this.#nextFlush = undefined;
        return this.#runSync();
      });
    return untilAborted(this.#nextFlush, signal);
  }

  /** A lease deleted synchronously makes containerd collect at once. */
  async collectGarbage(signal: AbortSignal): Promise<void> {
    const { grpc, clock } = this.#deps;
    const id = `eliot-collect-${clock.now()}`;
    await grpc.unary(leaseService.create, { id }, { signal, timeoutMs: callTimeoutMs });
    await endLease(grpc, id, signal, { collect: true });
  }

  /**
   * Of what was under way when the power went, only downloads are kept: they are checked when they are complete.
   *
   * @returns how many things were let go
   */
  async #dropFormerWork(signal: AbortSignal): Promise<number> {
    const { grpc } = this.#deps;
    let dropped = 0;
    const pulls = new Set((await listPullLeases(grpc, signal)).values());
    const { leases } = await grpc.unary(leaseService.list, {}, { signal, timeoutMs: callTimeoutMs });
    for (const { id } of leases) {
      if (!pulls.has(id)) {
        await endLease(grpc, id, signal);
        dropped += 1;
        continue;
      }
      const snapshots = (await resourcesOf(grpc, id, signal)).filter(({ type }) => type.startsWith('snapshots/'));
      for (const resource of snapshots) {
        await grpc.unary(leaseService.deleteResource, { id, resource }, { signal, timeoutMs: callTimeoutMs });
      }
      dropped += snapshots.length;
    }
    return dropped;
  }

  async #forgetLostBlobs(signal: AbortSignal): Promise<void> {
    const { grpc, root } = this.#deps;
    for (const { digest, size } of await this.#blobs([], signal)) {
      const path = join(root, 'io.containerd.content.v1.content/blobs', digest.replace(':', '/'));
      const bytes = await stat(path).then(
        (found) => found.size,
        () => undefined,
      );
      if (bytes === Number(size)) continue;
      await grpc.unary(contentService.delete, { digest }, { signal, timeoutMs: callTimeoutMs });
    }
  }

  /** Not ended by a signal: others may share it. */
  async #runSync(): Promise<void> {
    const { runChild, root } = this.#deps;
    const signal = new AbortController().signal;
    const result = await runChild('sync', ['-f', root], signal, { timeoutMs: syncTimeoutMs });
    if (result.exitCode === 0) return;
    throw new StatusError('InternalError', `cannot flush ${root} to disk: ${result.stderr.trim()}`);
  }

  async #blobs(filters: readonly string[], signal: AbortSignal): Promise<Info[]> {
    const found: Info[] = [];
    const answers = this.#deps.grpc.serverStream(
      contentService.list,
      { filters: [...filters] },
      { signal, timeoutMs: callTimeoutMs },
    );
    for await (const { info } of answers) found.push(...info);
    return found;
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
}
