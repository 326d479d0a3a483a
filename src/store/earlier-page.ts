/**
 * A page of a list as it was at an earlier revision: what is there now, with the changes since then taken back.
 *
 * It costs no memory but the page: the changes are those that are kept for watches, and it reaches back as far as they.
 */
import { compareKeys } from './entry.ts';
import type { Entry } from './store.ts';

/** What is stored now, of one prefix. */
export interface CurrentEntries {
  /** In the order of their keys, those after `after`, at most `limit`. */
  list(after: string, limit: number): readonly Entry[];
  /** How many there are after `after`. */
  count(after: string): number;
}

/** Keys that have changed since, each with what it was then and what it is now; undefined: it was, or is, not there. */
export type ChangedKeys = ReadonlyMap<string, { readonly then: Entry | undefined; readonly now: Entry | undefined }>;

/**
 * @param changed only keys of the prefix that sort after `after`
 * @param limit at least 1, or `Infinity`
 */
export function readEarlierPage(
  current: CurrentEntries,
  changed: ChangedKeys,
  { after, limit }: { readonly after: string; readonly limit: number },
): { readonly entries: readonly Entry[]; readonly remaining: number } {
  const unchanged = readUnchanged(current, changed, { after, limit });
  const restored = [...changed.values()].flatMap(({ then }) => then ?? []);
  const all = restored.length === 0 ? unchanged.entries : [...unchanged.entries, ...restored].sort(byKey);
  const entries = all.slice(0, limit);
  if (unchanged.isWhole) return { entries, remaining: all.length - entries.length };
  const last = entries.at(-1)?.key ?? after;
  let remaining = current.count(last);
  for (const [key, { then, now }] of changed) {
    if (compareKeys(key, last) > 0) remaining += Number(then !== undefined) - Number(now !== undefined);
  }
  return { entries, remaining };
}

/** As many as fill the page, if there are so many. */
function readUnchanged(
  current: CurrentEntries,
  changed: ChangedKeys,
  { after, limit }: { readonly after: string; readonly limit: number },
): { readonly entries: readonly Entry[]; readonly isWhole: boolean } {
  const entries: Entry[] = [];
  for (let last = after; ; ) {
    const read = current.list(last, limit);
    for (const entry of read) if (!changed.has(entry.key)) entries.push(entry);
    last = read.at(-1)?.key ?? last;
    if (read.length < limit) return { entries, isWhole: true };
    if (entries.length >= limit) return { entries, isWhole: false };
  }
}

function byKey(a: Entry, b: Entry): number {
  return compareKeys(a.key, b.key);
}
