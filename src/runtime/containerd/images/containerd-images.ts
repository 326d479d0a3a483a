/** `Images` over containerd: CRI for looking and pulling, native services for side-loading and dropping one name. */
import type { Readable } from 'node:stream';
import { isImageId, normalizeImageReference } from '../../../api/image-reference.ts';
import type { Descriptor as ContentDescriptor } from '../../../gen/containerd/types.ts';
import type { Image as CriImage } from '../../../gen/cri/image.ts';
import type { RunChild } from '../../../host/run-child.ts';
import type { Clock } from '../../../lib/clock.ts';
import { KeyedMutex } from '../../../lib/keyed-mutex.ts';
import type { Logger } from '../../../lib/logger.ts';
import { isStatusError, StatusError } from '../../../lib/status-error.ts';
import type { Image, ImageArchive, Images, PullProgress, RegistryAuth, StoredImage } from '../../runtime.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { criImages, imageService } from '../methods.ts';
import { exportImageArchive } from './export-archive.ts';
import { importImageArchive } from './import-archive.ts';
import { sideLoadedLabel } from './name-image.ts';
import { namesToRemove, namesToRemoveExactly } from './names-to-remove.ts';
import { pullImage } from './pull-image.ts';
import { endLease, listPullLeases, pullLeaseId } from './pull-lease.ts';
import { SyncedImages } from './synced-images.ts';

const lookTimeoutMs = 20_000;

export interface ContainerdImagesDeps {
  readonly grpc: GrpcClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly runChild: RunChild;
  /** containerd's root directory: its file system is flushed after a pull. */
  readonly root: string;
  readonly architectures: readonly string[];
  /** What the runtime's configuration calls the sandbox image. */
  readonly sandboxImage: string;
  /** Milliseconds without progress after which a pull is given up. Default 60,000. */
  readonly pullStallTimeoutMs?: number;
}

export class ContainerdImages implements Images {
  readonly #deps: ContainerdImagesDeps;
  readonly #pulls = new KeyedMutex();
  /** Which images survive a power cut. */
  readonly synced: SyncedImages;

  constructor(deps: ContainerdImagesDeps) {
    this.#deps = deps;
    const sandboxImageId = async (signal: AbortSignal) => (await this.status(deps.sandboxImage, signal))?.id;
    this.synced = new SyncedImages({ ...deps, sandboxImageId });
  }

  async list(signal: AbortSignal): Promise<readonly StoredImage[]> {
    const { grpc, sandboxImage } = this.#deps;
    const options = { signal, timeoutMs: lookTimeoutMs };
    const [cri, native, synced] = await Promise.all([
      grpc.unary(criImages.listImages, {}, options),
      grpc.unary(imageService.list, {}, options),
      this.synced.listMarked(signal),
    ]);
    const byName = new Map(native.images.map((image) => [image.name, image]));
    return cri.images.map(fromCriImage).map((image): StoredImage => {
      const named = [...image.tags, ...image.digests].flatMap((name) => byName.get(name) ?? []);
      return {
        ...image,
        synced: synced.has(image.id),
        sideLoaded: named.some(({ labels }) => labels[sideLoadedLabel] !== undefined),
        pinned: image.tags.includes(normalizeImageReference(sandboxImage)),
        loadedAtMs: new Map(named.map(({ name, updatedAt }) => [name, Number(updatedAt?.seconds ?? 0n) * 1_000])),
      };
    });
  }

  async status(reference: string, signal: AbortSignal): Promise<Image | undefined> {
    const request = { image: { image: fullName(reference) } };
    const { image } = await this.#deps.grpc.unary(criImages.imageStatus, request, { signal, timeoutMs: lookTimeoutMs });
    return image && fromCriImage(image);
  }

  async pull(
    reference: string,
    auth: RegistryAuth | undefined,
    signal: AbortSignal,
    onProgress: (progress: PullProgress) => void = () => {},
  ): Promise<string> {
    const { pullStallTimeoutMs = 60_000 } = this.#deps;
    const name = normalizeImageReference(reference);
    const pull = async (): Promise<string> => {
      const id = await pullImage(
        { ...this.#deps, stallTimeoutMs: pullStallTimeoutMs },
        { name, auth, onProgress },
        signal,
      );
      await this.synced.markUnpacked(id, signal);
      return id;
    };
    // Two pulls of one name would share a lease, which the first to end takes away.
    return this.#pulls.run(name, pull, signal);
  }

  remove(reference: string, signal: AbortSignal): Promise<void> {
    return this.#remove(fullName(reference), namesToRemove, signal);
  }

  removeName(reference: string, signal: AbortSignal): Promise<void> {
    return this.#remove(fullName(reference), namesToRemoveExactly, signal);
  }

  async #remove(name: string, choose: typeof namesToRemove, signal: AbortSignal): Promise<void> {
    const target = await this.#targetOf(name, signal);
    if (target === undefined) return;
    const filters = [`target.digest==${target.digest}`];
    const { images } = await this.#deps.grpc.unary(imageService.list, { filters }, { signal });
    for (const old of choose(name, images)) await this.#delete(old, signal);
    this.synced.forget();
  }

  async listPulls(signal: AbortSignal): Promise<readonly string[]> {
    return [...(await listPullLeases(this.#deps.grpc, signal)).keys()];
  }

  async abandonPull(name: string, signal: AbortSignal): Promise<void> {
    if (this.#pulls.isBusy(name)) return;
    await this.#pulls.run(name, () => endLease(this.#deps.grpc, pullLeaseId(name), signal, { collect: true }), signal);
  }

  async importArchive(
    archive: Readable,
    signal: AbortSignal,
    checkNames?: (names: readonly string[]) => Promise<void>,
  ): Promise<readonly string[]> {
    const flush = (stopping: AbortSignal): Promise<void> => this.synced.flush(stopping);
    const names = await importImageArchive({ ...this.#deps, flush, checkNames }, archive, signal);
    // Nobody has it but us, and whoever loaded it is told so: it must survive a power cut from now on.
    await flush(signal);
    return names;
  }

  async exportArchive(reference: string, signal: AbortSignal): Promise<ImageArchive> {
    const name = fullName(reference);
    const target = await this.#targetOf(name, signal);
    if (target === undefined) throw new StatusError('NotFound', `image ${name} is not on the device`);
    return exportImageArchive(this.#deps, name, { ...target, size: Number(target.size) }, signal);
  }

  async #targetOf(name: string, signal: AbortSignal): Promise<ContentDescriptor | undefined> {
    try {
      const { image } = await this.#deps.grpc.unary(imageService.get, { name }, { signal });
      return image?.target;
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #delete(name: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#deps.grpc.unary(imageService.delete, { name, sync: true }, { signal });
    } catch (error) {
      if (!isStatusError(error, 'NotFound')) throw error;
    }
  }
}

function fullName(reference: string): string {
  return isImageId(reference) ? reference : normalizeImageReference(reference);
}

function fromCriImage(image: CriImage): Image {
  if (!isImageId(image.id)) throw new StatusError('InternalError', `the runtime names an image ${image.id}`);
  return {
    id: image.id,
    tags: image.repoTags,
    digests: image.repoDigests,
    sizeBytes: Number(image.size),
    uid: image.uid === undefined ? undefined : Number(image.uid.value),
    username: image.username,
  };
}
