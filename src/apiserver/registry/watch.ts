/**
 * Watches: what there is, when asked for, and then every change in order, as one
 * selection sees it: an object that begins to match is ADDED, one that no longer does is DELETED.
 */
import type { KubeObject } from '../../api/meta.ts';
import type { Change } from '../../store/store.ts';
import type { AnyKind, RegistryDeps } from './context.ts';
import { decodeEntry } from './entry-codec.ts';
import { selectedPrefix } from './keys.ts';
import { forbiddenOption, parseRevision, parseRevisionMatch } from './revision-options.ts';
import { parseSelection, type Selection, type SelectionOptions } from './selection.ts';

export interface WatchRequest extends SelectionOptions {
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
  readonly sendInitialEvents?: boolean;
  readonly allowWatchBookmarks?: boolean;
}

export type RegistryWatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  /** `isInitialEnd`: everything that existed has been sent (annotation k8s.io/initial-events-end). */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly isInitialEnd: boolean };

/** How often an idle watch is told that it is up to date, as Kubernetes does. */
const bookmarkIntervalMs = 60_000;
const listPageSize = 200;

type Deps = Pick<RegistryDeps, 'store' | 'clock'>;

/**
 * Checks the request at once. The iteration ends when `signal` aborts.
 *
 * @throws StatusError BadRequest or Invalid (parameters); the iteration throws Expired when history is gone
 */
export function watchObjects(
  deps: Deps,
  kind: AnyKind,
  request: WatchRequest,
  signal: AbortSignal,
): AsyncIterable<RegistryWatchEvent> {
  const selection = parseSelection(kind, request);
  const start = startOf(request);
  return run(deps, kind, { request, selection, start }, signal);
}

type Start =
  /** First ADDED for everything there is. */
  | { readonly from: 'everything'; readonly endWithBookmark: boolean }
  | { readonly from: 'now' }
  | { readonly from: 'revision'; readonly revision: number };

function startOf(request: WatchRequest): Start {
  const revision = parseRevision(request.resourceVersion);
  const match = parseRevisionMatch(request.resourceVersionMatch);
  if (request.sendInitialEvents === undefined) {
    if (match !== undefined) {
      throw forbiddenOption(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      );
    }
    return revision === undefined || revision === 0
      ? { from: 'everything', endWithBookmark: false }
      : { from: 'revision', revision };
  }
  if (match !== 'NotOlderThan') {
    throw forbiddenOption(
      'resourceVersionMatch',
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  }
  if (request.sendInitialEvents) {
    return { from: 'everything', endWithBookmark: request.allowWatchBookmarks === true };
  }
  return revision === undefined || revision === 0 ? { from: 'now' } : { from: 'revision', revision };
}

interface Watching {
  readonly request: WatchRequest;
  readonly selection: Selection;
  readonly start: Start;
}

async function* run(
  deps: Deps,
  kind: AnyKind,
  { request, selection, start }: Watching,
  signal: AbortSignal,
): AsyncGenerator<RegistryWatchEvent, void, undefined> {
  const prefix = selectedPrefix(kind, selection);
  /** Keys that were listed in a state newer than the revision where the changes start. */
  const listedLater = new Map<string, number>();
  let from = start.from === 'revision' ? start.revision : deps.store.revision();
  if (start.from === 'everything' && kind.storage !== 'none') {
    let after: string | undefined;
    for (let isFirst = true; ; isFirst = false) {
      if (signal.aborted) return;
      const page = await deps.store.list(prefix, { ...(after === undefined ? {} : { after }), limit: listPageSize });
      if (isFirst) from = page.revision;
      for (const entry of page.entries) {
        if (entry.revision > from) listedLater.set(entry.key, entry.revision);
        const object = decodeEntry(kind, entry);
        if (selection.matches(object)) yield { type: 'ADDED', object };
      }
      after = page.entries.at(-1)?.key;
      if (!page.more || after === undefined) break;
    }
  }
  if (start.from === 'everything' && start.endWithBookmark) {
    yield { type: 'BOOKMARK', resourceVersion: String(from), isInitialEnd: true };
  }
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  try {
    const changes = deps.store.watch(prefix, from, stop);
    for await (const item of request.allowWatchBookmarks ? withTicks(changes, from, deps, stop) : changes) {
      if (item.type === 'tick') {
        yield { type: 'BOOKMARK', resourceVersion: String(item.revision), isInitialEnd: false };
        continue;
      }
      const key = item.type === 'put' ? item.entry.key : item.previous.key;
      if (item.revision <= (listedLater.get(key) ?? 0)) continue;
      const event = toEvent(kind, selection, item);
      if (event) yield event;
    }
  } finally {
    // Whoever stops reading must not leave a wait in the store behind.
    ended.abort();
  }
}

/** What one change means to a selection; undefined when nothing. */
function toEvent(kind: AnyKind, selection: Selection, change: Change): RegistryWatchEvent | undefined {
  const previous = change.previous && decodeIfNeeded(kind, selection, change);
  if (change.type === 'delete') {
    return previous && selection.matches(previous)
      ? { type: 'DELETED', object: atRevision(previous, change.revision) }
      : undefined;
  }
  const object = decodeEntry(kind, change.entry);
  const matches = selection.matches(object);
  const matched =
    change.previous !== undefined &&
    (selection.isEverything || (previous !== undefined && selection.matches(previous)));
  if (matches) return { type: matched ? 'MODIFIED' : 'ADDED', object };
  return matched && previous ? { type: 'DELETED', object: atRevision(previous, change.revision) } : undefined;
}

/** The object before the change; not read where nobody looks at it. */
function decodeIfNeeded(kind: AnyKind, selection: Selection, change: Change): KubeObject | undefined {
  if (!change.previous || (change.type === 'put' && selection.isEverything)) return undefined;
  return decodeEntry(kind, change.previous);
}

/** The last state, stamped with the revision at which it left, so that a watch can resume after it. */
function atRevision(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

interface Tick {
  readonly type: 'tick';
  readonly revision: number;
}

/**
 * The changes, and a tick for each interval with the store's revision at the *previous* tick: by now every
 * change up to that one has been delivered here, however the store hands them out.
 */
async function* withTicks(
  changes: AsyncIterable<Change>,
  from: number,
  deps: Deps,
  signal: AbortSignal,
): AsyncGenerator<Change | Tick, void, undefined> {
  const iterator = changes[Symbol.asyncIterator]();
  // Each promise is listened to once. A race would leave a listener for every tick on a change that may not come for
  // months.
  let happened = Promise.withResolvers<void>();
  let takeArrived: (() => IteratorResult<Change>) | undefined;
  let isTickDue = false;
  const waitForChange = (): void => {
    const arrive = (take: () => IteratorResult<Change>): void => {
      takeArrived = take;
      happened.resolve();
    };
    iterator.next().then(
      (next) => arrive(() => next),
      (error: unknown) =>
        arrive(() => {
          throw error;
        }),
    );
  };
  const waitForTick = (): void => {
    const onTick = (): void => {
      isTickDue = true;
      happened.resolve();
    };
    // On abort the store's side ends as well, and that is what ends this.
    deps.clock.sleep(bookmarkIntervalMs, signal).then(onTick, () => undefined);
  };
  let delivered = from;
  let revisionAtTick = deps.store.revision();
  waitForTick();
  waitForChange();
  for (;;) {
    if (takeArrived) {
      const next = takeArrived();
      takeArrived = undefined;
      if (next.done) return;
      delivered = next.value.revision;
      yield next.value;
      waitForChange();
    } else if (isTickDue) {
      isTickDue = false;
      yield { type: 'tick', revision: Math.max(delivered, revisionAtTick) };
      revisionAtTick = deps.store.revision();
      waitForTick();
    } else {
      await happened.promise;
      happened = Promise.withResolvers<void>();
    }
  }
}
