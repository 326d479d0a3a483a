/**
 * Lists, read page by page. Every page shows what was there at the list's revision, that of its first page, as long as
 * the store's history reaches back to it. Once it does not, the list cannot be continued (410), or only as one that
 * starts anew in its middle; a page that is being read then ends early, so that the next request is told.
 *
 * One thing is less than that: a list without a limit that is read so slowly that its history goes meanwhile ends with
 * what is there then. A watch from its revision answers 410, so whoever follows it lists again.
 */
import type { KubeObject } from '../../api/meta.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { ListOptions, Page, Store } from '../../store/store.ts';
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
  const limit = request.limit !== undefined && request.limit > 0 ? request.limit : Number.POSITIVE_INFINITY;
  const exactly = checkRevision(deps, request, limit);
  return readPages(deps, kind, { request, selection, limit, exactly });
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

/** @returns the revision of which the list has to be; undefined when any will do that is recent */
function checkRevision(deps: Pick<RegistryDeps, 'store'>, request: ListRequest, limit: number): number | undefined {
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
    return undefined;
  }
  if (asked === undefined) return undefined;
  const current = deps.store.revision();
  if (match === 'Exact' && asked === 0) {
    throw forbiddenOption('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (asked > current) throw tooLargeRevision(asked, current);
  // A limit has meant it since before there was a word for it.
  const isExact = match === 'Exact' || (match === undefined && asked > 0 && Number.isFinite(limit));
  return isExact ? asked : undefined;
}

interface Reading {
  readonly request: ListRequest;
  readonly selection: Selection;
  readonly limit: number;
  readonly exactly: number | undefined;
}

async function* readPages(deps: Pick<RegistryDeps, 'store'>, kind: AnyKind, reading: Reading): ListReader {
  const { selection, limit, exactly } = reading;
  const token = reading.request.continue ? decodeContinue(reading.request.continue) : undefined;
  if (kind.storage === 'none') return { revision: deps.store.revision() };

  const wholePrefix = keyPrefix(kind, selection.namespace);
  const prefix = selectedPrefix(kind, selection);
  let after = token ? `${wholePrefix}${token.after}` : '';
  let revision = token?.revision ?? exactly;
  let found = 0;
  for (let isFirst = true; ; isFirst = false) {
    const options = { after, limit: Math.min(pageSize, limit - found) };
    let page = await listUnlessExpired(deps.store, prefix, { ...options, at: revision });
    if (page === 'Expired') {
      if (isFirst) throw token ? continueExpired(token) : expired(revision ?? 0, deps.store.revision());
      if (Number.isFinite(limit)) return unfinished(revision ?? 0, after.slice(wholePrefix.length));
      page = await deps.store.list(prefix, options);
    }
    revision ??= page.revision;
    const objects = page.entries.map((entry) => decodeEntry(kind, entry)).filter((object) => selection.matches(object));
    found += objects.length;
    after = page.entries.at(-1)?.key ?? after;
    if (objects.length > 0) yield objects;
    if (!page.more) return { revision };
    if (found < limit) continue;
    const end = unfinished(revision, after.slice(wholePrefix.length));
    // With a selector nobody has counted what matches.
    return selection.isEverything ? { ...end, remainingItemCount: page.remaining } : end;
  }
}

/** The end of a page after which the list goes on. */
function unfinished(revision: number, after: string): ListEnd {
  return { revision, continue: encodeContinue({ revision, after }) };
}

/** A page as of a revision, when there is one; `'Expired'` when it is too long ago. */
async function listUnlessExpired(
  store: Pick<Store, 'list'>,
  prefix: string,
  { at, ...options }: Omit<ListOptions, 'at'> & { readonly at: number | undefined },
): Promise<Page | 'Expired'> {
  try {
    return await store.list(prefix, { ...options, ...(at === undefined ? {} : { at }) });
  } catch (error) {
    if (isStatusError(error, 'Expired')) return 'Expired';
    throw error;
  }
}
