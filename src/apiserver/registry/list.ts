/**
 * Lists, read page by page. The store keeps no old versions: a later page shows what is there when it is read,
 * while the list keeps the revision of its first page. A watch from that revision replays
 * whatever came in between, so a client that lists and then watches ends up right; once that
 * history is gone the list cannot be continued (410), or only as one that starts anew in its middle.
 */
import type { KubeObject } from '../../api/meta.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { AnyKind, RegistryDeps } from './context.ts';
import { continueExpired, decodeContinue, encodeContinue } from './continue-token.ts';
import { decodeEntry } from './entry-codec.ts';
import { keyPrefix, selectedPrefix } from './keys.ts';
import { expired, forbiddenOption, parseRevision, parseRevisionMatch, tooLargeRevision } from './revision-options.ts';
import { parseSelection, type Selection, type SelectionOptions } from './selection.ts';

/** Objects read from the store at once: bounds what a list holds in memory. */
const pageSize = 200;

export interface ListRequest extends SelectionOptions {
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
}

/** Where a list ended, for its metadata. */
export interface ListEnd {
  readonly revision: number;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** Yields the matching objects in the order of their names, a page at a time, and returns how the list ended. */
export type ListReader = AsyncGenerator<readonly KubeObject[], ListEnd, undefined>;

/**
 * Checks the request at once; nothing is read before the first `next()`.
 *
 * @throws StatusError BadRequest or Invalid (parameters), Expired (token or revision gone), Timeout (revision ahead)
 */
export function readList(deps: Pick<RegistryDeps, 'store'>, kind: AnyKind, request: ListRequest): ListReader {
  const selection = parseSelection(kind, request);
  checkRevision(deps, request);
  const limit = request.limit !== undefined && request.limit > 0 ? request.limit : Number.POSITIVE_INFINITY;
  return readPages(deps, kind, { request, selection, limit });
}

/** Every object of a kind of which there are few, everywhere or in one namespace. */
export async function readAll(
  deps: Pick<RegistryDeps, 'store'>,
  kind: AnyKind,
  namespace?: string,
): Promise<readonly KubeObject[]> {
  const found: KubeObject[] = [];
  for await (const page of readList(deps, kind, namespace ? { namespace } : {})) found.push(...page);
  return found;
}

/** How many objects of a kind there are in a namespace; none of them is read. */
export async function countObjects(
  deps: Pick<RegistryDeps, 'store'>,
  kind: AnyKind,
  namespace: string,
): Promise<number> {
  const { entries, remaining } = await deps.store.list(keyPrefix(kind, namespace), { limit: 1 });
  return entries.length + remaining;
}

function checkRevision(deps: Pick<RegistryDeps, 'store'>, request: ListRequest): void {
  const asked = parseRevision(request.resourceVersion);
  const match = parseRevisionMatch(request.resourceVersionMatch);
  if (match !== undefined && asked === undefined) {
    throw forbiddenOption(
      'resourceVersionMatch',
      'resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
  }
  if (request.continue) {
    if (match !== undefined) {
      throw forbiddenOption('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided');
    }
    if (asked !== undefined && asked !== 0) {
      throw forbiddenOption('resourceVersion', 'specifying resource version is not allowed when using continue');
    }
    return;
  }
  if (asked === undefined) return;
  const current = deps.store.revision();
  if (match === 'Exact' && asked === 0) {
    throw forbiddenOption('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (asked > current) throw tooLargeRevision(asked, current);
  if (match === 'Exact' && asked !== current) throw expired(asked, current);
}

interface Reading {
  readonly request: ListRequest;
  readonly selection: Selection;
  readonly limit: number;
}

async function* readPages(deps: Pick<RegistryDeps, 'store'>, kind: AnyKind, reading: Reading): ListReader {
  const { selection, limit } = reading;
  const token = reading.request.continue ? decodeContinue(reading.request.continue) : undefined;
  if (token?.revision !== undefined && !(await isHistoryKept(deps, token.revision))) throw continueExpired(token);
  if (kind.storage === 'none') return { revision: deps.store.revision() };

  const wholePrefix = keyPrefix(kind, selection.namespace);
  const prefix = selectedPrefix(kind, selection);
  let after = token && `${wholePrefix}${token.after}`;
  let revision = token?.revision;
  let found = 0;
  for (;;) {
    const page = await deps.store.list(prefix, {
      ...(after === undefined ? {} : { after }),
      limit: Math.min(pageSize, limit - found),
    });
    revision ??= page.revision;
    const objects = page.entries.map((entry) => decodeEntry(kind, entry)).filter((object) => selection.matches(object));
    found += objects.length;
    after = page.entries.at(-1)?.key ?? after;
    if (objects.length > 0) yield objects;
    if (!page.more || after === undefined) return { revision };
    if (found < limit) continue;
    return {
      revision,
      continue: encodeContinue({ revision, after: after.slice(wholePrefix.length) }),
      // With a selector nobody has counted what matches.
      ...(selection.isEverything ? { remainingItemCount: page.remaining } : {}),
    };
  }
}

/** Whether a watch could still start at this revision. */
async function isHistoryKept(deps: Pick<RegistryDeps, 'store'>, revision: number): Promise<boolean> {
  const controller = new AbortController();
  const first = deps.store.watch('\0none/', revision, controller.signal)[Symbol.asyncIterator]().next();
  // The place of `revision` is looked up before the first wait, so this only ends the wait.
  controller.abort();
  try {
    await first;
    return true;
  } catch (error) {
    if (isStatusError(error, 'Expired')) return false;
    throw error;
  }
}
