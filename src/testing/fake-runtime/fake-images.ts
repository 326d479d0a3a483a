import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { StatusError } from '../../lib/status-error.ts';
import type { Image, ImageArchive, Images, PullProgress, RegistryAuth, StoredImage } from '../../runtime/runtime.ts';
import { Faults } from './faults.ts';

/** Images in memory: those on the device, and those that a registry would give. */
export class FakeImages implements Images {
  readonly faults: Faults;
  readonly #local = new Map<string, Image>();
  readonly #remote = new Map<string, Image>();
  readonly #pulls: { readonly reference: string; readonly auth: RegistryAuth | undefined }[] = [];

  constructor(faults: Faults = new Faults()) {
    this.faults = faults;
  }

  /** What each pull tells of itself. */
  progress: readonly PullProgress[] = [];

  /** Every pull so far with the login it was made with. */
  get pulls(): readonly { readonly reference: string; readonly auth: RegistryAuth | undefined }[] {
    return this.#pulls;
  }

  /** Puts an image on the device. */
  add(reference: string, properties: Partial<StoredImage> = {}): Image {
    const image = makeImage(reference, properties);
    this.#local.set(fullName(reference), image);
    return image;
  }

  /** Makes an image available for pulls. */
  offer(reference: string, properties: Partial<Image> = {}): Image {
    const image = makeImage(reference, properties);
    this.#remote.set(fullName(reference), image);
    return image;
  }

  /** As `status`, at once; for the fake runtime. */
  find(reference: string): Image | undefined {
    return this.#local.get(fullName(reference)) ?? [...this.#local.values()].find((image) => image.id === reference);
  }

  async list(signal: AbortSignal): Promise<readonly StoredImage[]> {
    await this.faults.pass('listImages', '', signal);
    return [...new Map([...this.#local.values()].map((image) => [image.id, image])).values()].map((image) => ({
      synced: true,
      sideLoaded: false,
      pinned: false,
      loadedAtMs: new Map(),
      ...image,
    }));
  }

  /** Names of pulls that left something. */
  readonly left = new Set<string>();

  async listPulls(signal: AbortSignal): Promise<readonly string[]> {
    await this.faults.pass('listPulls', '', signal);
    return [...this.left];
  }

  async abandonPull(name: string, signal: AbortSignal): Promise<void> {
    await this.faults.pass('abandonPull', name, signal);
    this.left.delete(name);
  }

  async status(reference: string, signal: AbortSignal): Promise<Image | undefined> {
    await this.faults.pass('imageStatus', reference, signal);
    return this.find(reference);
  }

  async pull(
    reference: string,
    auth: RegistryAuth | undefined,
    signal: AbortSignal,
    onProgress: (progress: PullProgress) => void = () => {},
  ): Promise<string> {
    this.#pulls.push({ reference, auth });
    for (const progress of this.progress) onProgress(progress);
    await this.faults.pass('pull', reference, signal);
    const image = this.#remote.get(fullName(reference));
    if (!image) {
      throw new StatusError(
        'NotFound',
        `failed to pull and unpack image "${fullName(reference)}": failed to resolve reference "${fullName(reference)}": ${fullName(reference)}: not found`,
      );
    }
    this.#local.set(fullName(reference), image);
    return image.id;
  }

  async remove(reference: string, signal: AbortSignal): Promise<void> {
    await this.faults.pass('removeImage', reference, signal);
    this.#local.delete(fullName(reference));
    for (const [name, { id }] of this.#local) if (id === reference) this.#local.delete(name);
  }

  async removeName(reference: string, signal: AbortSignal): Promise<void> {
    await this.faults.pass('removeImage', reference, signal);
    this.#local.delete(fullName(reference));
  }

  /** The archive's text is taken as a list of names, one a line. */
  async importArchive(
    archive: Readable,
    signal: AbortSignal,
    checkNames?: (names: readonly string[]) => Promise<void>,
  ): Promise<readonly string[]> {
    await this.faults.pass('importArchive', '', signal);
    const chunks: Buffer[] = [];
    for await (const chunk of archive) chunks.push(Buffer.from(chunk));
    const names = Buffer.concat(chunks).toString().split('\n').filter(Boolean).map(fullName);
    await checkNames?.(names);
    for (const name of names) this.add(name);
    return names;
  }

  /** The text that `importArchive` takes. */
  async exportArchive(reference: string, signal: AbortSignal): Promise<ImageArchive> {
    await this.faults.pass('exportArchive', reference, signal);
    const [name] = this.find(reference)?.tags ?? [];
    if (name === undefined) throw new StatusError('NotFound', `image ${fullName(reference)} is not on the device`);
    const data = Buffer.from(`${name}\n`);
    return {
      sizeBytes: data.length,
      async *read() {
        yield data;
      },
    };
  }
}

/** `busybox` -> `docker.io/library/busybox:latest`, as containerd stores it. */
function fullName(reference: string): string {
  if (reference.startsWith('sha256:')) return reference;
  const first = reference.split('/')[0] ?? '';
  const hasHost = reference.includes('/') && (/[.:]/.test(first) || first === 'localhost');
  const path = reference.includes('/') ? reference : `library/${reference}`;
  const named = hasHost ? reference : `docker.io/${path}`;
  const lastPart = named.slice(named.lastIndexOf('/'));
  return lastPart.includes(':') || lastPart.includes('@') ? named : `${named}:latest`;
}

function makeImage(reference: string, properties: Partial<StoredImage>): Image {
  const digest = createHash('sha256').update(fullName(reference)).digest('hex');
  const repository = fullName(reference).replace(/[:@][^/]*$/, '');
  return {
    id: `sha256:${digest}`,
    tags: [fullName(reference)],
    digests: [`${repository}@sha256:${digest}`],
    sizeBytes: 1_000_000,
    uid: undefined,
    username: '',
    ...properties,
  };
}
