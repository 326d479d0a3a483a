import type { SyncAnswer } from '../../api/sync/messages.ts';
import type { Entry, PlacedEntry } from '../../lib/tree/entry.ts';

/** Well below the longest message; a path and its entry may take 12 KB. */
const entriesPerMessage = 1_000;
const bytesPerMessage = 128 * 1024;

/** What there is and what is gone, in messages that are not too long. */
export function* treeMessages(
  entries: Iterable<readonly [path: string, entry: Entry]>,
  gone: readonly string[],
): Generator<SyncAnswer> {
  let some: PlacedEntry[] = [];
  let someGone: string[] = [];
  let bytes = 0;
  const take = (): SyncAnswer => {
    const message: SyncAnswer = { is: 'tree', entries: some, gone: someGone };
    some = [];
    someGone = [];
    bytes = 0;
    return message;
  };
  const isFull = (): boolean => bytes > bytesPerMessage || some.length + someGone.length >= entriesPerMessage;
  for (const path of gone) {
    someGone.push(path);
    bytes += path.length;
    if (isFull()) yield take();
  }
  for (const [path, entry] of entries) {
    some.push({ path, entry });
    // In JSON a character takes six bytes at most.
    bytes += path.length + (entry.kind === 'link' ? entry.target.length : 0);
    if (isFull()) yield take();
  }
  if (some.length + someGone.length > 0) yield take();
}
