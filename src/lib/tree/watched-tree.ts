/**
 * A tree of files that is known all the time: read once, and then kept up with what happens to it.
 *
 * Notices of the system only say where to look; what is there decides. So it does not matter how an editor saves (in place, by
 * a rename, by a copy and a rename), nor whether notices come twice or too early. One watch a directory, by Node's own
 * `fs.watch`: a sixth of the memory of a library that watches every file (docs/adr/0045). A look at everything each minute
 * makes up for notices that the system has lost, and each two seconds where it has no watches left.
 */
import { type FSWatcher, watch } from 'node:fs';
import type { Clock } from '../clock.ts';
import { type Entry, isSameEntry } from './entry.ts';
import { type IgnoreRules, ignoreKindOf } from './ignore-rules.ts';
import { scanTree } from './scan-tree.ts';
import { ancestorsOf, isTreePath, joinPath } from './tree-path.ts';
import type { TreePlaces } from './tree-places.ts';

export interface WatchedTreeOptions {
  readonly places: TreePlaces;
  /** Rules that hold beside those in the tree. */
  readonly rules: IgnoreRules;
  /** Whether the ignore files of the tree itself are rules. */
  readonly readRules: boolean;
  readonly clock: Clock;
}

/** So long nothing more must have happened before it is looked: an editor that saves does several things at once. */
const settleMs = 8;
/** Where something happens all the time it is looked all the same. */
const longestSettleMs = 40;
const lookAtAllEveryMs = 60_000;
const lookAtAllWithoutWatchesMs = 2_000;
/** More places than this are looked for by a look at everything. */
const maxNotices = 20_000;

export class WatchedTree {
  readonly #options: WatchedTreeOptions;
  #rules: IgnoreRules;
  #entries = new Map<string, Entry>();
  readonly #watchers = new Map<string, FSWatcher>();
  /** Paths where something may have happened; the empty one stands for everything. */
  readonly #noticed = new Set<string>();
  #wake: (() => void) | undefined;
  #hasAllWatches = true;
  #isWatching = false;

  constructor(options: WatchedTreeOptions) {
    this.#options = options;
    this.#rules = options.rules;
  }

  /** What is there, by path; changes only while `changes` is asked for more. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  get rules(): IgnoreRules {
    return this.#rules;
  }

  /** Whether `watch` was called, and its signal has not aborted. */
  get isWatched(): boolean {
    return this.#isWatching;
  }

  /**
   * Reads everything.
   *
   * @returns the paths where something else is than before
   * @throws TreeError Invalid when there is too much; Gone
   */
  readAll(): Set<string> {
    const { places, rules, readRules } = this.#options;
    places.forget();
    const fresh = rules.copy();
    this.#hasAllWatches = true;
    const found = scanTree(places, '', fresh, {
      addRules: readRules,
      onDirectory: this.#watchFirst((path) => path === ''),
    });
    const before = this.#entries;
    this.#rules = fresh;
    this.#entries = found;
    const changed = new Set<string>();
    for (const [path, entry] of found) if (!isSameEntry(before.get(path), entry)) changed.add(path);
    for (const path of before.keys()) if (!found.has(path)) changed.add(path);
    this.#letOldWatchesGo();
    return changed;
  }

  /** Looks at one path now, and at what is below it; for who has just changed it himself. @returns the paths that changed */
  look(path: string): Set<string> {
    const changed = new Set<string>();
    this.#look(path, changed);
    return changed;
  }

  /**
   * Reads everything, and watches it until `signal` aborts.
   *
   * @throws TreeError as `readAll`
   */
  watch(signal: AbortSignal): void {
    this.#isWatching = true;
    signal.addEventListener('abort', () => this.#close(), { once: true });
    this.readAll();
    if (signal.aborted) this.#close();
  }

  /**
   * The paths where something else is than before, each time that there are some, from `watch` on until its signal aborts.
   *
   * @throws TreeError Gone when the tree itself is gone, Invalid when it has grown too large
   */
  async *changes(signal: AbortSignal): AsyncGenerator<ReadonlySet<string>, void> {
    for (;;) {
      await this.#untilNoticed(signal);
      if (signal.aborted) return;
      const changed = this.#lookAtNoticed();
      if (changed.size > 0) yield changed;
    }
  }

  #close(): void {
    this.#isWatching = false;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    this.#wake?.();
  }

  /** Resolves when something was noticed and it is quiet again, or it is time to look at everything. */
  async #untilNoticed(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    if (this.#noticed.size === 0) {
      const everyMs = this.#hasAllWatches ? lookAtAllEveryMs : lookAtAllWithoutWatchesMs;
      if (!(await this.#noticeWithin(everyMs, signal))) this.#noticed.add('');
    }
    const untilMs = clock.monotonicMs() + longestSettleMs;
    while (clock.monotonicMs() < untilMs && (await this.#noticeWithin(settleMs, signal)));
  }

  async #noticeWithin(ms: number, signal: AbortSignal): Promise<boolean> {
    const noticed = new AbortController();
    this.#wake = () => noticed.abort();
    try {
      await this.#options.clock.sleep(ms, AbortSignal.any([signal, noticed.signal]));
      return false;
    } catch {
      return true;
    } finally {
      this.#wake = undefined;
    }
  }

  #notice(path: string): void {
    if (this.#noticed.size < maxNotices) this.#noticed.add(path);
    else {
      this.#noticed.clear();
      this.#noticed.add('');
    }
    this.#wake?.();
  }

  #lookAtNoticed(): Set<string> {
    const paths = [...this.#noticed];
    this.#noticed.clear();
    this.#options.places.forget();
    const isRules = (path: string): boolean => this.#options.readRules && ignoreKindOf(path) !== undefined;
    if (paths.includes('') || paths.some(isRules)) return this.readAll();
    const changed = new Set<string>();
    for (const path of paths) this.#look(path, changed);
    return changed;
  }

  #look(path: string, changed: Set<string>): void {
    const { places } = this.#options;
    const before = this.#entries.get(path);
    const now = places.entryAt(path);
    const isWanted = now !== undefined && now !== 'special' && !this.#rules.ignores(path, now.kind === 'directory');
    if (!isWanted) {
      if (before !== undefined) this.#drop(path, changed);
      return;
    }
    // Its directory may have come without a notice of its own.
    const unknown = ancestorsOf(path).find((ancestor) => !this.#entries.has(ancestor));
    if (unknown !== undefined) {
      this.#look(unknown, changed);
      return;
    }
    if (before?.kind === 'directory' && now.kind !== 'directory') this.#drop(path, changed);
    if (!isSameEntry(before, now)) changed.add(path);
    this.#entries.set(path, now);
    if (now.kind === 'directory') this.#lookInside(path, before?.kind !== 'directory', changed);
  }

  /** It may be another directory than the one that had the name: the watch is made anew, and all of it looked at. */
  #lookInside(directory: string, isNew: boolean, changed: Set<string>): void {
    const { places, readRules } = this.#options;
    const addRules = readRules && isNew;
    const found = scanTree(places, directory, this.#rules, { addRules, onDirectory: this.#watchFirst(() => true) });
    for (const [path, entry] of found) {
      if (!isSameEntry(this.#entries.get(path), entry)) changed.add(path);
      this.#entries.set(path, entry);
    }
    if (isNew) return;
    for (const path of this.#below(directory)) if (!found.has(path)) this.#drop(path, changed);
  }

  #drop(path: string, changed: Set<string>): void {
    const paths = this.#entries.get(path)?.kind === 'directory' ? [path, ...this.#below(path)] : [path];
    for (const each of paths) {
      this.#entries.delete(each);
      changed.add(each);
      this.#watchers.get(each)?.close();
      this.#watchers.delete(each);
    }
  }

  #below(directory: string): string[] {
    const prefix = `${directory}/`;
    return [...this.#entries.keys()].filter((path) => path.startsWith(prefix));
  }

  /**
   * Watches each directory before it is read: what is made in it afterwards is noticed.
   *
   * @param isAnew whether one that is watched may be another by now
   */
  #watchFirst(isAnew: (path: string) => boolean): ((path: string) => void) | undefined {
    if (!this.#isWatching) return undefined;
    return (path) => {
      if (isAnew(path) || !this.#watchers.has(path)) this.#watchDirectory(path);
    };
  }

  #letOldWatchesGo(): void {
    for (const [path, watcher] of this.#watchers) {
      if (path === '' || this.#entries.get(path)?.kind === 'directory') continue;
      watcher.close();
      this.#watchers.delete(path);
    }
  }

  #watchDirectory(path: string): void {
    this.#watchers.get(path)?.close();
    this.#watchers.delete(path);
    try {
      const watcher = watch(this.#options.places.directory(path), { persistent: false }, (_event, name) => {
        if (name === null) return this.#notice('');
        const changed = joinPath(path, name);
        if (isTreePath(changed)) this.#notice(changed);
      });
      watcher.on('error', () => watcher.close());
      this.#watchers.set(path, watcher);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // No watch is left; else it has gone, which its parent tells.
      if (code === 'ENOSPC' || code === 'EMFILE') this.#hasAllWatches = false;
    }
  }
}
