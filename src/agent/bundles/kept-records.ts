/** The records of bundles on disk, and the images that come and go with them. */
import { join } from 'node:path';
import type { Bundle } from '../../api/kinds/bundle.ts';
import type { Files } from '../../host/files.ts';
import type { Logger } from '../../lib/logger.ts';
import { type BundleRecord, parseRecord, recordPath } from './bundle-record.ts';

export interface KeptRecordsDeps {
  readonly directory: string;
  readonly files: Pick<Files, 'readFile' | 'list' | 'remove'>;
  readonly log: Logger;
  /** Drops the name of an image; fine when it is gone. */
  readonly removeImage: (name: string, signal: AbortSignal) => Promise<void>;
  /** What wants images, by full name. */
  readonly imageUsers: () => Promise<ReadonlyMap<string, readonly string[]>>;
  /** Runs it while no bundle is taken in, which waits for its end; undefined without running it when one is. */
  readonly whileIdle: <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T | undefined>;
}

/** From the store, as they are now. */
type ListBundles = () => Promise<readonly Bundle[]>;

interface Found {
  readonly path: string;
  readonly name: string;
  readonly digest: string;
  /** Undefined for one that is damaged. */
  readonly record: BundleRecord | undefined;
}

export class KeptRecords {
  readonly #deps: KeptRecordsDeps;

  constructor(deps: KeptRecordsDeps) {
    this.#deps = deps;
  }

  /** Undefined when there is none. @throws StatusError `Invalid` when it is damaged */
  async read(name: string, digest: string): Promise<BundleRecord | undefined> {
    const data = await this.#deps.files.readFile(recordPath(this.#deps.directory, name, digest));
    return data && parseRecord(data, name, digest);
  }

  /**
   * Removes the records that no Bundle refers to, with those of their images that nothing else wants.
   *
   * A bundle that comes meanwhile may bring back just what is being removed: so each record goes by itself, by what is true then.
   *
   * @returns whether some had to be left for later, as their images are still in use or a bundle is coming
   */
  async sweep(listBundles: ListBundles, signal: AbortSignal): Promise<boolean> {
    const { whileIdle } = this.#deps;
    let isLeft = false;
    for (const { path } of (await this.#look(listBundles)).stale) {
      signal.throwIfAborted();
      const isRemoved = await whileIdle(() => this.#remove(path, listBundles, signal), signal);
      isLeft ||= isRemoved !== true;
    }
    return isLeft;
  }

  /** @returns false when its images are in use; true also when it is not to be removed any more */
  async #remove(path: string, listBundles: ListBundles, signal: AbortSignal): Promise<boolean> {
    const { files, log, removeImage, imageUsers } = this.#deps;
    const { stale, wanted } = await this.#look(listBundles);
    const found = stale.find((each) => each.path === path);
    if (found === undefined) return true;
    const { name, record } = found;
    const images = record?.images.filter((image) => !wanted.has(image)) ?? [];
    const users = await imageUsers();
    if (images.some((image) => users.has(image))) return false;
    // The record last: it says what is still to be removed.
    for (const image of images) await removeImage(image, signal);
    await files.remove(path);
    log.info('an old version of a bundle was removed', { bundle: name, version: record?.version, images });
    return true;
  }

  /** The records that no Bundle refers to, and the images of those that one does. */
  async #look(listBundles: ListBundles): Promise<{ readonly stale: readonly Found[]; readonly wanted: Set<string> }> {
    const bundles = await listBundles();
    const found = await this.#findAll();
    const isKept = ({ name, digest }: Found): boolean =>
      bundles.some(
        ({ metadata, spec }) => metadata.name === name && (spec.digest === digest || spec.previous?.digest === digest),
      );
    const wanted = new Set(found.filter(isKept).flatMap(({ record }) => record?.images ?? []));
    return { stale: found.filter((each) => !isKept(each)), wanted };
  }

  async #findAll(): Promise<readonly Found[]> {
    const { directory, files } = this.#deps;
    const found: Found[] = [];
    for (const name of (await files.list(directory)) ?? []) {
      for (const file of (await files.list(join(directory, name))) ?? []) {
        const hex = /^([0-9a-f]{64})\.json$/.exec(file)?.[1];
        const path = join(directory, name, file);
        const digest = `sha256:${hex ?? ''}`;
        // Of one that was interrupted while it was written only a temporary file is there.
        const record = hex === undefined ? undefined : await this.read(name, digest).catch(() => undefined);
        found.push({ path, name, digest, record });
      }
    }
    return found;
  }
}
