/** Carries out what `compute-actions.ts` decides: requests to the device, and files here. */
import { type Entry, isSameContent } from '../../lib/tree/entry.ts';
import { IgnoreRules, mayHoldRules } from '../../lib/tree/ignore-rules.ts';
import { digestFile } from '../../lib/tree/read-file.ts';
import { scanTree } from '../../lib/tree/scan-tree.ts';
import { TreeError } from '../../lib/tree/tree-error.ts';
import { foldName, isGitName, nameOf } from '../../lib/tree/tree-path.ts';
import type { TreePlaces } from '../../lib/tree/tree-places.ts';
import type { TreeWriter } from '../../lib/tree/tree-writer.ts';
import type { WatchedTree } from '../../lib/tree/watched-tree.ts';
import { eliotFileName } from '../project/eliot-file-name.ts';
import { type Action, type ActionKind, computeActions } from './compute-actions.ts';
import { FetchedFile } from './fetch-file.ts';
import { findRenamed } from './find-renamed.ts';
import type { RemoteTree, Sent } from './remote-tree.ts';
import { sendFile } from './send-file.ts';
import { RemoteFailure } from './sync-failures.ts';

export interface SyncSides {
  readonly places: TreePlaces;
  readonly local: WatchedTree;
  /** Writes here, when it goes both ways. */
  readonly writer: TreeWriter;
  readonly remote: RemoteTree;
  /** What both sides had when they were last alike; it is kept from connection to connection. */
  readonly base: Map<string, Entry>;
  readonly isTwoWay: boolean;
}

/** What came of some paths. */
export interface Outcome {
  /** Paths that are on the device now as they are here. */
  readonly sent: readonly string[];
  /** Paths that are here now as they are on the device. */
  readonly fetched: readonly string[];
  /** Paths of the device's versions that got a name of their own. */
  readonly conflicts: readonly string[];
  /** Paths that are to be looked at once more: something else is there now than what was decided upon. */
  readonly again: readonly string[];
  /** Paths that could not be brought in step, and why. */
  readonly failed: ReadonlyMap<string, TreeError>;
}

/**
 * Brings both sides in step at some paths, as far as that can be done.
 *
 * @throws StatusError when the connection is lost; what was not done is done when everything is compared anew
 */
export async function carryOut(paths: Iterable<string>, sides: SyncSides): Promise<Outcome> {
  const { local, remote, base, isTwoWay } = sides;
  const trees = { local: local.entries, remote: remote.entries, base };
  const work = new Work(sides);
  const actions = computeActions(paths, trees, isTwoWay);
  await work.run(actions, findRenamed(actions, trees));
  return work;
}

class Work implements Outcome {
  readonly sent: string[] = [];
  readonly fetched: string[] = [];
  readonly conflicts: string[] = [];
  readonly again: string[] = [];
  readonly failed = new Map<string, TreeError>();
  readonly #sides: SyncSides;
  /** Answers that are on their way. */
  readonly #answers = new Set<Promise<void>>();
  #lost: unknown;

  constructor(sides: SyncSides) {
    this.#sides = sides;
  }

  /** @param renamed by new path the old one */
  async run(actions: readonly Action[], renamed: ReadonlyMap<string, string>): Promise<void> {
    // Two ways it is asked only for what was changed on both sides.
    const { isTwoWay, base } = this.#sides;
    const ifNotSame = isTwoWay ? 'keepAside' : 'send';
    const isSame = await this.#compare(actions.filter(({ kind }) => kind === 'compare').map(({ path }) => path));
    // While the old ones are there still.
    for (const [path, before] of renamed) await this.#send(path, this.#sides.local.entries.get(path), before);
    for (const { kind, path } of actions) {
      if (this.#lost !== undefined) break;
      if (renamed.has(path)) continue;
      if ((kind === 'fetch' || kind === 'removeLocal') && !this.#mayChangeHere(path)) {
        base.delete(path);
        continue;
      }
      await this.#start(path, kind === 'compare' ? (isSame.has(path) ? 'setRemote' : ifNotSame) : kind);
    }
    await Promise.all(this.#answers);
    // Nobody is to find our own directory among his.
    if (this.fetched.length > 0) this.#sides.writer.clean();
    if (this.#lost !== undefined) throw this.#lost;
  }

  /** Those whose content is the same on both sides. */
  async #compare(paths: readonly string[]): Promise<ReadonlySet<string>> {
    const { remote, places } = this.#sides;
    const same = new Set<string>();
    for (const path of paths) {
      const { answer } = await remote.send({ do: 'digest', path });
      this.#await(path, async () => {
        const { digest } = await digestFile(places, path);
        if ((await answer).digest === digest) same.add(path);
      });
    }
    await Promise.all(this.#answers);
    // Whoever could not be compared counts as another.
    this.failed.clear();
    return same;
  }

  /**
   * The device knows the rules, and need not keep to them. The rules themselves are never taken from it, nor what the next `eli up`
   * goes by, or it could have what is ignored here; nor is what git keeps, whatever the rules: a hook of git is a program that runs here.
   */
  #mayChangeHere(path: string): boolean {
    const { local, remote } = this.#sides;
    const isDirectory = (remote.entries.get(path) ?? local.entries.get(path))?.kind === 'directory';
    const isOurs = mayHoldRules(path) || foldName(nameOf(path)) === eliotFileName;
    return !isOurs && !path.split('/').some(isGitName) && !local.rules.ignores(path, isDirectory);
  }

  /**
   * What is ignored stays under the name by which it is ignored: a directory that holds some goes nowhere, not even aside.
   *
   * @throws TreeError Changed
   */
  #checkMayGiveWay(path: string): void {
    const { places, local } = this.#sides;
    if (local.entries.get(path)?.kind !== 'directory') return;
    for (const found of scanTree(places, path, new IgnoreRules([], '!.git'), { addRules: false }).keys()) {
      if (local.entries.has(found)) continue;
      throw new TreeError('Changed', `${path}: the device has something else there, and here it holds what is ignored`);
    }
  }

  async #start(path: string, kind: Exclude<ActionKind, 'compare'>): Promise<void> {
    const { local, remote, base } = this.#sides;
    const entry = local.entries.get(path);
    switch (kind) {
      // Done before the connection was lost, with the answer: whoever waits for a change has not heard of it.
      case 'adopt':
        if (entry !== undefined) base.set(path, entry);
        this.sent.push(path);
        return;
      case 'forget':
        base.delete(path);
        this.sent.push(path);
        return;
      case 'removeRemote': {
        // What is not wanted there any longer because it is ignored now is left where it is.
        if (local.rules.ignores(path, remote.entries.get(path)?.kind === 'directory')) {
          base.delete(path);
          return;
        }
        return this.#confirm(path, undefined, await remote.send({ do: 'remove', path, ...this.#expect(path) }));
      }
      case 'setRemote':
        if (entry?.kind === 'file') {
          return this.#confirm(path, entry, await remote.send({ do: 'setFile', path, entry, ...this.#expect(path) }));
        }
        return await this.#send(path, entry);
      case 'send':
        return await this.#send(path, entry);
      case 'keepAside':
        return await this.#keepAside(path);
      case 'removeLocal':
        // A directory with something in it stays, and stays what is to be removed.
        return this.#here(path, () => this.#sides.writer.remove(path, entry) && base.get(path));
      case 'fetch':
        return await this.#fetch(path, entry, remote.entries.get(path));
    }
  }

  async #send(path: string, entry: Entry | undefined, like?: string): Promise<void> {
    const { remote } = this.#sides;
    const expect = this.#expect(path);
    if (entry?.kind === 'directory') {
      this.#confirm(path, entry, await remote.send({ do: 'makeDirectory', path, entry, ...expect }));
    } else if (entry?.kind === 'link') {
      this.#confirm(path, entry, await remote.send({ do: 'makeLink', path, entry, ...expect }));
    } else if (entry?.kind === 'file') {
      try {
        const file = await sendFile(path, expect, like, this.#sides);
        this.#confirm(path, file.entry, file.sent);
      } catch (error) {
        this.#fail(path, error);
      }
    }
  }

  async #keepAside(path: string): Promise<void> {
    const { remote, base } = this.#sides;
    const { answer } = await remote.send({ do: 'keepAside', path, ...this.#expect(path) });
    this.#await(path, async () => {
      const { aside } = await answer;
      // The device tells what is at the new name by itself.
      remote.set(path, undefined);
      base.delete(path);
      if (aside !== undefined) this.conflicts.push(aside);
      this.again.push(path);
    });
  }

  async #fetch(path: string, local: Entry | undefined, entry: Entry | undefined): Promise<void> {
    const { writer, remote } = this.#sides;
    if (entry === undefined) return;
    if (entry.kind === 'directory') return this.#here(path, () => writer.makeDirectory(path, entry, local));
    if (entry.kind === 'link') {
      return this.#here(path, () => {
        this.#checkMayGiveWay(path);
        return writer.makeLink(path, entry, local);
      });
    }
    if (local !== undefined && isSameContent(local, entry)) {
      return this.#here(path, () => writer.setFile(path, entry, local));
    }
    try {
      this.#checkMayGiveWay(path);
    } catch (error) {
      return this.#fail(path, error);
    }
    const file = new FetchedFile(path, writer);
    const { answer } = await remote.fetch(path, file);
    this.#await(path, async () => {
      try {
        const done = await answer;
        remote.set(path, done.entry ?? undefined);
        this.#here(path, () => {
          this.#checkMayGiveWay(path);
          return file.finish(local);
        });
      } finally {
        file.drop();
      }
    });
  }

  /** Changes something here, as the device has it. */
  #here(path: string, change: () => Entry | undefined): void {
    const { local, base } = this.#sides;
    try {
      const made = change();
      // Directories above it may have been made as well.
      this.again.push(...local.look(path));
      if (made === undefined) base.delete(path);
      else base.set(path, made);
      this.fetched.push(path);
    } catch (error) {
      this.#fail(path, error);
    }
  }

  #fail(path: string, error: unknown): void {
    if (!(error instanceof TreeError)) throw error;
    this.failed.set(path, error);
  }

  /** Two ways, nothing may be there but what we know of. */
  #expect(path: string): { readonly expect?: Entry | null } {
    const { isTwoWay, remote } = this.#sides;
    return isTwoWay ? { expect: remote.entries.get(path) ?? null } : {};
  }

  #confirm(path: string, entry: Entry | undefined, { answer }: Sent): void {
    const { remote, base } = this.#sides;
    this.#await(path, async () => {
      const done = await answer;
      remote.set(path, done.entry ?? undefined);
      if (entry !== undefined) base.set(path, entry);
      // A directory with something in it stays, and stays what is to be removed.
      else if (done.entry === null) base.delete(path);
      this.sent.push(path);
    });
  }

  #await(path: string, work: () => Promise<void>): void {
    const waited = work()
      .catch((error: unknown) => {
        if (!(error instanceof TreeError)) {
          this.#lost ??= error;
          return;
        }
        if (error instanceof RemoteFailure && error.found !== undefined) {
          this.#sides.remote.set(path, error.found ?? undefined);
        }
        this.failed.set(path, error);
      })
      .finally(() => this.#answers.delete(waited));
    this.#answers.add(waited);
  }
}
