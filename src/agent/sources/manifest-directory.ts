/**
 * The source `manifests`: a directory of YAML and JSON files, as the kubelet's static pods, for every kind.
 *
 * The directory is read as a whole. One fault anywhere, and nothing changes. A directory that is not there (a card that was
 * pulled out) changes nothing either; one that is there and empty wants nothing.
 */
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { type DesiredState, hashObjects } from './desired-state.ts';
import { type ManifestFile, readManifests } from './read-manifests.ts';

/** The name of this source. */
export const manifestSource = 'manifests';

/** Milliseconds of quiet after a change of the directory: editors and `scp` write in several steps. */
const quietMs = 500;

/** The directory is read at the latest this long after a change, however restless it is. */
const longestDelayMs = 5_000;

/** Milliseconds between two readings when nothing says that something changed: not every file system tells. */
const slowIntervalMs = 60_000;

/** The directory as the source needs it; `lib/watched-directory.ts` is one. */
export interface ManifestFiles {
  /** The wanted files of the directory, by name; undefined when there is no directory. */
  read(isWanted: (name: string) => boolean): Promise<readonly ManifestFile[] | undefined>;
  /** Calls `onChange` whenever something in the directory changes, from now on until `signal` aborts; when it can tell. */
  watch(signal: AbortSignal, onChange: () => void): void;
}

export interface ManifestDirectoryDeps {
  readonly files: ManifestFiles;
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes each new desired state. */
  readonly onDesired: (desired: DesiredState) => void;
}

export class ManifestDirectory {
  readonly #deps: ManifestDirectoryDeps;
  #fault: string | undefined;
  #hash: string | undefined;

  constructor(deps: ManifestDirectoryDeps) {
    this.#deps = deps;
  }

  /** What is wrong with the directory now: file, document, line and reason. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Reads, and reads again whenever the directory changes, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // Anew each time, and before reading: the directory may be another one by now, and no change may fall between.
      const untilRead = new AbortController();
      const changes = new Latch();
      this.#deps.files.watch(AbortSignal.any([signal, untilRead.signal]), () => changes.set());
      await this.#read();
      await this.#untilDue(changes, signal);
      untilRead.abort();
    }
  }

  async #read(): Promise<void> {
    const { files, log, onDesired } = this.#deps;
    try {
      const found = await files.read(isManifest);
      if (found === undefined) {
        this.#setFault('the directory does not exist', 'debug');
        return;
      }
      const objects = readManifests(found);
      const hash = hashObjects(objects);
      this.#fault = undefined;
      if (hash === this.#hash) return;
      this.#hash = hash;
      onDesired({ name: manifestSource, version: hash.slice(0, 12), hash, objects });
      log.info('manifests read', { objects: objects.length, version: hash.slice(0, 12) });
    } catch (error) {
      this.#setFault(error instanceof Error ? error.message : String(error), isStatusError(error) ? 'error' : 'warn');
    }
  }

  /** Said once, not at every reading. */
  #setFault(fault: string, level: 'error' | 'warn' | 'debug'): void {
    if (this.#fault !== fault) this.#deps.log[level]('manifests not read, nothing changes', { reason: fault });
    this.#fault = fault;
  }

  async #untilDue(changes: Latch, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    if (!(await this.#happensWithin(slowIntervalMs, changes, signal))) return;
    const startedMs = clock.monotonicMs();
    while (!signal.aborted && clock.monotonicMs() - startedMs < longestDelayMs) {
      if (!(await this.#happensWithin(quietMs, changes, signal))) return;
    }
  }

  /** Whether the directory changes within `ms`, or has changed since this was last asked. */
  async #happensWithin(ms: number, changes: Latch, signal: AbortSignal): Promise<boolean> {
    const awake = new AbortController();
    const elapsed = this.#deps.clock.sleep(ms, AbortSignal.any([signal, awake.signal])).then(
      () => false,
      () => false,
    );
    const happened = await Promise.race([changes.happened, elapsed]);
    awake.abort();
    if (happened) changes.reset();
    return happened;
  }
}

/** Remembers that something happened, until it is reset. */
class Latch {
  #happened = Promise.withResolvers<true>();

  get happened(): Promise<true> {
    return this.#happened.promise;
  }

  set(): void {
    this.#happened.resolve(true);
  }

  reset(): void {
    this.#happened = Promise.withResolvers();
  }
}

/** Hidden files are editors' and unfinished uploads. */
function isManifest(name: string): boolean {
  return !name.startsWith('.') && /\.(ya?ml|json)$/i.test(name);
}
