/**
 * Keeps a directory of this machine in step with a volume of a pod (docs/adr/0045), for as long as somebody works on it.
 *
 * The connection may break and eliotd may start anew: it is made again, and both sides are compared. What only one side can do
 * something about (a full disk) is tried again and again, and told.
 */
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { openSyncStream } from '../../client/sync-stream.ts';
import type { Transport } from '../../client/transport.ts';
import type { Clock } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';
import { type Entry, isSameEntry } from '../../lib/tree/entry.ts';
import { IgnoreRules, type IgnoreSource, isSameRules } from '../../lib/tree/ignore-rules.ts';
import type { TreeError } from '../../lib/tree/tree-error.ts';
import { TreePlaces } from '../../lib/tree/tree-places.ts';
import { TreeWriter } from '../../lib/tree/tree-writer.ts';
import { WatchedTree } from '../../lib/tree/watched-tree.ts';
import { carryOut, type Outcome, type SyncSides } from './carry-out.ts';
import { ChangeFeed, type SyncChange } from './change-feed.ts';
import { RemoteTree } from './remote-tree.ts';
import { Retries } from './retries.ts';
import { asStatusError, CompareAnew, isWorthAnotherTry } from './sync-failures.ts';

export interface SyncOptions extends SyncSettings {
  readonly transport: Transport;
  readonly namespace: string;
  readonly pod: string;
  /** Of the pod that is meant: the session ends when another one has its name. Default: whichever has it. */
  readonly uid?: string | undefined;
  /** Name of an emptyDir of the pod: the device writes its directory, and nothing is needed in the image. */
  readonly volume: string;
}

/** What does not depend on where the other side is. */
export interface SyncSettings {
  readonly clock: Clock;
  /** An existing directory here. */
  readonly directory: string;
  /** Patterns above those of .gitignore, .dockerignore and .eliotignore, in the language of .gitignore. */
  readonly ignore: readonly string[];
  /** Also bring back what is made or changed on the device. */
  readonly twoWay: boolean;
  /** Told how it goes, each time that it changes. */
  readonly onState?: (state: SyncState) => void;
}

export type SyncState =
  | { readonly kind: 'connected' }
  /** The connection is lost, or was never made, and is tried again. */
  | { readonly kind: 'reconnecting'; readonly reason: StatusError }
  /** Some files cannot be brought in step, and are tried again: the disk is full, somebody is in the way. */
  | { readonly kind: 'blocked'; readonly message: string; readonly paths: readonly string[] };

export interface FirstSync {
  /** What there is here to be brought to the device: entries, and bytes of files. */
  readonly files: number;
  readonly bytes: number;
  /** Bytes of files that really moved. */
  readonly sentBytes: number;
  /** Paths that failed several times and are not there yet, and why; they are tried further. */
  readonly failed: ReadonlyMap<string, TreeError>;
}

export interface SyncSession {
  /** Everything that is here is on the device, as far as it can be had. Rejects when the session ends before. */
  readonly first: Promise<FirstSync>;
  /**
   * What was brought in step afterwards, as it happens; for one reader, who may be slow: what he has not heard of is told at once.
   * Throws a StatusError when the session cannot go on: the pod is gone, it is not allowed, somebody else has taken over.
   */
  readonly changes: AsyncIterable<SyncChange>;
  /**
   * Brings what was changed until now to the device, when it can be reached and for ten seconds at most, and ends. Never
   * rejects.
   */
  close(): Promise<void>;
}

const firstPauseMs = 200;
const longestPauseMs = 5_000;
/** After so long with a connection it counts as a good one. */
const steadyMs = 10_000;
const closeWithinMs = 10_000;

/** Begins at once; ends when `signal` aborts, `close` is called, or it cannot go on. */
export function startSync(options: SyncOptions, signal: AbortSignal): SyncSession {
  const { transport, clock, namespace, pod, uid, volume } = options;
  const session = randomBytes(16).toString('hex');
  const connect: Connect = (isResumed, connection) =>
    openSyncStream({ transport, clock }, { namespace, pod, uid, volume, session, isResumed }, connection);
  return startSyncOver(options, connect, signal);
}

/**
 * Opens a stream to the other side, which `signal` ends.
 *
 * @param isResumed whether there was one before
 */
export type Connect = (isResumed: boolean, signal: AbortSignal) => Promise<Duplex>;

/** The same over streams of any kind. */
export function startSyncOver(settings: SyncSettings, connect: Connect, signal: AbortSignal): SyncSession {
  const session = new Session(settings, connect, signal);
  return { first: session.first, changes: session.changes, close: () => session.close() };
}

class Session {
  readonly #options: SyncSettings;
  readonly #connectStream: Connect;
  readonly #first = Promise.withResolvers<FirstSync>();
  readonly #feed = new ChangeFeed();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #ended: Promise<void>;
  readonly #base = new Map<string, Entry>();
  /** The rules by which the device tells what changes there. */
  #toldRules: readonly IgnoreSource[] = [];
  /** Which tree of the device `#base` is about. */
  #identity: string | undefined;
  /** Paths that may be out of step; none that `#retries` holds. */
  readonly #dirty = new Set<string>();
  readonly #retries: Retries;
  #wake: (() => void) | undefined;
  #isFirstDone = false;
  #isClosing = false;
  #isConnected = false;
  /** Whether it was told that some paths fail. */
  #isBlocked = false;
  #sentBytes = 0;

  constructor(options: SyncSettings, connect: Connect, signal: AbortSignal) {
    this.#options = options;
    this.#connectStream = connect;
    this.#retries = new Retries(options.clock);
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    this.#first.promise.catch(() => {});
    this.#ended = this.#run();
  }

  get first(): Promise<FirstSync> {
    return this.#first.promise;
  }

  get changes(): AsyncIterable<SyncChange> {
    return this.#feed;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#retries.hurry();
    this.#wake?.();
    if (!this.#isConnected) this.#stop.abort(new StatusError('ServiceUnavailable', 'the session was closed'));
    const late = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(closeWithinMs)]);
    await Promise.race([
      this.#ended,
      new Promise<void>((resolve) => late.addEventListener('abort', () => resolve(), { once: true })),
    ]);
    this.#stop.abort(new StatusError('ServiceUnavailable', 'the session was closed'));
    await this.#ended;
  }

  async #run(): Promise<void> {
    let failure: unknown;
    const over = new AbortController();
    try {
      await this.#work(AbortSignal.any([this.#signal, over.signal]));
    } catch (error) {
      if (!this.#signal.aborted) failure = error;
    }
    over.abort();
    this.#first.reject(failure ?? new StatusError('ServiceUnavailable', 'the session was closed'));
    this.#feed.end(failure === undefined ? undefined : asStatusError(failure));
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { directory, ignore, clock } = this.#options;
    const places = new TreePlaces(directory);
    const rules = new IgnoreRules([], ignore.join('\n'));
    const local = new WatchedTree({ places, rules, readRules: true, clock });
    const writer = new TreeWriter({ places, now: () => clock.now() });
    try {
      writer.sweep();
      local.watch(signal);
      const noticing = this.#notice(local, signal);
      await Promise.race([this.#reconnect({ places, local, writer }, signal), noticing]);
    } finally {
      if (this.#options.twoWay) writer.clean();
      places.close();
    }
  }

  /** @throws TreeError when the directory is gone or too large */
  async #notice(local: WatchedTree, signal: AbortSignal): Promise<never> {
    for await (const paths of local.changes(signal)) this.#markDirty(paths);
    signal.throwIfAborted();
    throw new Error('nobody notices changes any longer');
  }

  #markDirty(paths: Iterable<string>): void {
    for (const path of paths) if (!this.#retries.holds(path)) this.#dirty.add(path);
    this.#wake?.();
  }

  async #reconnect(here: Pick<SyncSides, 'places' | 'local' | 'writer'>, signal: AbortSignal): Promise<void> {
    const { clock, onState } = this.#options;
    let pauseMs = firstPauseMs;
    for (let isResumed = false; ; ) {
      const connection = new AbortController();
      let openedAtMs: number | undefined;
      try {
        const remote = await this.#connect(here.local, isResumed, AbortSignal.any([signal, connection.signal]));
        isResumed = true;
        openedAtMs = clock.monotonicMs();
        this.#isConnected = true;
        if (!this.#isBlocked) onState?.({ kind: 'connected' });
        await this.#keepInStep({ ...here, remote, base: this.#base, isTwoWay: this.#options.twoWay }, signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!isWorthAnotherTry(error)) throw error;
        if (error instanceof CompareAnew) pauseMs = firstPauseMs;
        if (error instanceof StatusError) {
          this.#isBlocked = false;
          onState?.({ kind: 'reconnecting', reason: error });
        }
      } finally {
        this.#isConnected = false;
        connection.abort(new StatusError('ServiceUnavailable', 'the session was closed'));
      }
      if (openedAtMs !== undefined && clock.monotonicMs() - openedAtMs > steadyMs) pauseMs = firstPauseMs;
      // Several laptops that lost the same device do not all come back at once.
      await clock.sleep(pauseMs * (0.5 + randomBytes(1).readUInt8() / 255), signal);
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
    }
  }

  async #connect(local: WatchedTree, isResumed: boolean, signal: AbortSignal): Promise<RemoteTree> {
    const remote = new RemoteTree(await this.#connectStream(isResumed, signal));
    this.#toldRules = [...local.rules.sources];
    const identity = await remote.open(this.#toldRules, this.#options.twoWay);
    if (identity === undefined || identity !== this.#identity) forgetOther(this.#base, remote.entries);
    this.#identity = identity;
    remote.onChange = (paths) => this.#markDirty(paths);
    this.#retries.hurry();
    this.#markDirty([...local.entries.keys(), ...remote.entries.keys(), ...this.#base.keys()]);
    return remote;
  }

  async #keepInStep(sides: SyncSides, signal: AbortSignal): Promise<void> {
    const { remote } = sides;
    const retries = this.#retries;
    try {
      for (;;) {
        // Before anything is decided: what the device does not tell because of a rule is not gone there.
        if (!this.#isClosing && this.#isToldByOtherRules(sides)) throw new CompareAnew();
        const paths = [...this.#dirty, ...retries.due()];
        this.#dirty.clear();
        const outcome = await carryOut(paths, sides);
        retries.settle(paths, outcome.failed);
        if (this.#isFirstDone) this.#tell(outcome);
        this.#markDirty(outcome.again);
        this.#tellTroubles();
        if (!this.#isClosing && retries.asksForComparison(outcome.failed)) throw new CompareAnew();
        this.#completeFirst(sides);
        if (this.#isClosing && this.#dirty.size === 0) {
          // What was saved a moment ago may not have been noticed yet.
          this.#markDirty(sides.local.readAll());
          if (this.#dirty.size === 0) return await sayGoodbye(remote);
          continue;
        }
        await this.#untilDirtyOrDue(remote, signal);
      }
    } finally {
      this.#sentBytes += remote.sentBytes;
      remote.close();
    }
  }

  /** One way nobody waits to be told: what is ignored no longer is sent, whatever is there. */
  #isToldByOtherRules({ local, isTwoWay }: SyncSides): boolean {
    return isTwoWay && !isSameRules(local.rules.sources, this.#toldRules);
  }

  #tellTroubles(): void {
    const { onState } = this.#options;
    const troubles = this.#retries.troubles();
    if (!this.#isBlocked && troubles.size > 0) {
      this.#isBlocked = true;
      onState?.(blockedState(troubles));
    } else if (this.#isBlocked && this.#retries.isEmpty) {
      this.#isBlocked = false;
      onState?.({ kind: 'connected' });
    }
  }

  #tell({ sent, fetched, conflicts }: Outcome): void {
    if (sent.length + fetched.length + conflicts.length === 0) return;
    const direction = fetched.length === 0 ? 'toDevice' : sent.length === 0 ? 'toLaptop' : 'both';
    this.#feed.push({ paths: [...sent, ...fetched], direction, conflicts });
  }

  #completeFirst({ local, remote }: SyncSides): void {
    if (this.#isFirstDone || this.#dirty.size > 0 || !this.#retries.areLasting()) return;
    this.#isFirstDone = true;
    let bytes = 0;
    for (const entry of local.entries.values()) bytes += entry.kind === 'file' ? entry.size : 0;
    const sentBytes = this.#sentBytes + remote.sentBytes;
    this.#first.resolve({ files: local.entries.size, bytes, sentBytes, failed: this.#retries.troubles() });
  }

  async #untilDirtyOrDue(remote: RemoteTree, signal: AbortSignal): Promise<void> {
    if (this.#dirty.size > 0 || this.#isClosing) return;
    const dueInMs = this.#retries.nextInMs();
    const over = new AbortController();
    try {
      await remote.until((done) => {
        this.#wake = done;
        if (dueInMs === undefined) return;
        this.#options.clock.sleep(dueInMs, AbortSignal.any([signal, over.signal])).then(done, () => {});
      });
    } finally {
      this.#wake = undefined;
      over.abort();
    }
  }
}

/**
 * The device has another tree than the one that was compared last, or what a power cut has left of that: what it has no longer,
 * or has otherwise, nobody has deleted or changed there, and counts as never compared. What is there as both had it still is ours.
 */
function forgetOther(base: Map<string, Entry>, remote: ReadonlyMap<string, Entry>): void {
  for (const [path, entry] of base) if (!isSameEntry(remote.get(path), entry)) base.delete(path);
}

/** The device need not keep anything for us. It will find out by itself when it does not hear it. */
async function sayGoodbye(remote: RemoteTree): Promise<void> {
  try {
    const { answer } = await remote.send({ do: 'close' });
    await answer;
  } catch {
    // The connection is lost, or the device is an old one.
  }
}

function blockedState(failed: ReadonlyMap<string, TreeError>): SyncState {
  const [first] = failed.values();
  return { kind: 'blocked', message: first?.message ?? '', paths: [...failed.keys()] };
}
