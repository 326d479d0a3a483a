/**
 * Keeps the Image objects: makes them as images come, says how pulls go, and removes them as images go. Who deletes one
 * deletes the image. All of it is observation, on tmpfs.
 *
 * Level-driven: whatever happens (a pull, a load, a pod), everything is compared once, soon after; a slow look finds what
 * others did to the runtime's images.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Image, type ImageStatus, imageObjectName } from '../../api/kinds/image.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { images as imageResource } from '../../api/resources.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { type ProcessResult, WorkQueue } from '../../lib/work-queue.ts';
import type { Images, PullProgress, StoredImage } from '../../runtime/runtime.ts';
import { computeImages, type ImageUsers, type Pull } from './compute-images.ts';
import type { PullObserver } from './image-manager.ts';

/** What happens within this time is written together. */
const settleMs = 500;
/** Images that others loaded or removed are noticed within this time. */
const lookEveryMs = 10 * 60_000;
/** Longest wait of one who wants to see what has just come. */
const lookWithinMs = 5_000;
/** Failed pulls that are remembered, at most. */
const maxPulls = 200;

const key = 'images';

export interface ImageReporterDeps {
  readonly client: ObjectClient;
  readonly images: Pick<Images, 'list' | 'remove'>;
  /** What wants images now. */
  readonly users: () => Promise<ImageUsers>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly whenRuntimeReady: Promise<void>;
}

export class ImageReporter implements PullObserver {
  readonly #deps: ImageReporterDeps;
  readonly #queue: WorkQueue;
  readonly #pulls = new Map<string, Pull>();
  /** What the runtime had when it was last asked; undefined: ask again. */
  #stored: readonly StoredImage[] | undefined;
  #listedAtMs = 0;
  #users: ImageUsers | undefined;
  /** Called when the next look is written down. */
  #onLooked: (() => void)[] = [];
  #known: readonly StoredImage[] = [];

  constructor(deps: ImageReporterDeps) {
    this.#deps = deps;
    const { clock, log } = deps;
    this.#queue = new WorkQueue({ clock, log, process: (_key, signal) => this.#compare(signal) });
  }

  /** What the runtime had when it was last looked at. */
  get known(): readonly StoredImage[] {
    return this.#known;
  }

  /** The runtime's images are others than before. */
  imagesChanged(): void {
    this.#stored = undefined;
    this.#queue.addAfter(key, settleMs);
  }

  /** As `imagesChanged`, at once; resolves when the objects say it, or after five seconds. */
  async look(signal: AbortSignal): Promise<void> {
    const looked = new AbortController();
    this.#onLooked.push(() => looked.abort());
    this.#stored = undefined;
    this.#queue.add(key);
    const until = AbortSignal.any([signal, looked.signal]);
    await this.#deps.clock.sleep(lookWithinMs, until).catch(() => {});
  }

  /** Other images are wanted than before. */
  usersChanged(): void {
    this.#users = undefined;
    this.#queue.addAfter(key, settleMs);
  }

  /** Somebody asked for the end of an Image object, or made one. */
  objectsChanged(): void {
    this.#queue.add(key);
  }

  progress(name: string, progress: PullProgress): void {
    this.#pulls.set(name, { kind: 'Running', progress });
    this.#queue.addAfter(key, settleMs);
  }

  failed(name: string, message: string): void {
    const progress = this.#pulls.get(name)?.progress ?? { phase: 'Resolving', layers: [] };
    this.#pulls.delete(name);
    this.#pulls.set(name, { kind: 'Failed', message, progress });
    for (const [old, { kind }] of this.#pulls) {
      if (this.#pulls.size <= maxPulls) break;
      if (kind === 'Failed') this.#pulls.delete(old);
    }
    this.imagesChanged();
  }

  done(name: string): void {
    this.#pulls.delete(name);
    this.imagesChanged();
  }

  async run(signal: AbortSignal): Promise<void> {
    await untilAborted(this.#deps.whenRuntimeReady, signal).catch(() => {});
    if (signal.aborted) return;
    this.#queue.add(key);
    await this.#queue.run(signal);
  }

  async #compare(signal: AbortSignal): Promise<ProcessResult> {
    const { client, images, users, clock } = this.#deps;
    const waiting = [...this.#onLooked];
    const { items } = await client.list<Image>(imageResource, {}, signal);
    for (const object of items.filter(isEnding)) {
      await images.remove(object.spec.image, signal);
      this.#pulls.delete(object.spec.image);
      this.#stored = undefined;
      await this.#letGo(object);
    }
    this.#users ??= await users();
    if (this.#stored === undefined || clock.monotonicMs() - this.#listedAtMs >= lookEveryMs) {
      this.#listedAtMs = clock.monotonicMs();
      this.#stored = await images.list(signal);
    }
    this.#known = this.#stored;
    this.#forgetUnwanted(this.#users);
    const wanted = new Map(
      [...computeImages(this.#stored, this.#pulls, this.#users)].map(([name, status]) => [
        imageObjectName(name),
        { name, status },
      ]),
    );
    const present = new Set<string>();
    for (const object of items) {
      if (isEnding(object)) continue;
      const { name = '' } = object.metadata;
      const found = wanted.get(name);
      if (found === undefined) await this.#remove(object);
      else {
        present.add(name);
        await this.#writeStatus(object, found.status);
      }
    }
    for (const [objectName, { name, status }] of wanted) {
      if (!present.has(objectName)) await this.#create(objectName, name, status);
    }
    this.#onLooked = this.#onLooked.filter((tell) => !waiting.includes(tell));
    for (const tell of waiting) tell();
    return { againAfterMs: lookEveryMs };
  }

  /** A failure is told as long as something still wants the image. */
  #forgetUnwanted(users: ImageUsers): void {
    for (const [name, { kind }] of this.#pulls) {
      if (kind === 'Failed' && !users.has(name)) this.#pulls.delete(name);
    }
  }

  async #create(objectName: string, image: string, status: ImageStatus): Promise<void> {
    const object = { apiVersion: 'eliot.run/v1alpha1', kind: 'Image', metadata: { name: objectName }, spec: { image } };
    try {
      const created = await this.#deps.client.create<KubeObject>(imageResource, object);
      await this.#writeStatus(created as Image, status);
    } catch (error) {
      // One that is being deleted still has the name: its end brings us here again.
      if (!isStatusError(error, 'AlreadyExists')) throw error;
    }
  }

  async #writeStatus(object: Image, status: ImageStatus): Promise<void> {
    if (isDeepStrictEqual(plain(object.status), plain(status))) return;
    await this.#unlessGone(
      this.#deps.client.update<Image>(imageResource, { ...object, status }, { subresource: 'status' }),
    );
  }

  async #remove(object: Image): Promise<void> {
    await this.#writeStatus(object, { state: 'Gone' });
    await this.#letGo(object);
    await this.#unlessGone(this.#deps.client.delete(imageResource, { name: object.metadata.name ?? '' }));
  }

  async #letGo(object: Image): Promise<void> {
    const released = { metadata: { finalizers: [] } };
    const { name = '' } = object.metadata;
    await this.#unlessGone(this.#deps.client.patch(imageResource, { name }, 'merge', released));
  }

  async #unlessGone(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!isStatusError(error, 'NotFound')) throw error;
    }
  }
}

function isEnding(object: Image): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/** As it is stored: no undefined. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? {}));
}
