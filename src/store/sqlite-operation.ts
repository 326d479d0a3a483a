/** One write, as it waits for its transaction and as it is carried out in it. */
import { applyPut } from './entry.ts';
import type { SqliteRows } from './sqlite-rows.ts';
import type { Change, Entry, Put } from './store.ts';

export type Operation =
  | { readonly type: 'put'; readonly put: Put }
  | { readonly type: 'delete'; readonly key: string; readonly expected: number };

/** What the caller gets: as `Store.put` and `Store.delete` say. */
export type OperationResult = Entry | 'Conflict' | undefined;

/**
 * Carries `operation` out within the open transaction.
 *
 * @param previous the entry as the operations before it left it
 * @param revision the one that it takes if it changes something
 * @returns no `change` when it changed nothing
 */
export function executeOperation(
  rows: SqliteRows,
  operation: Operation,
  previous: Entry | undefined,
  revision: number,
): { readonly result: OperationResult; readonly change?: Change } {
  if (operation.type === 'delete') {
    if (previous === undefined) return { result: undefined };
    if (previous.revision !== operation.expected) return { result: 'Conflict' };
    rows.delete(operation.key);
    return { result: previous, change: { type: 'delete', previous, revision } };
  }
  const { put } = operation;
  const entry = applyPut(previous, put, revision);
  if (entry === 'Conflict') return { result: entry };
  if (put.intent !== undefined) rows.writeIntent(entry, put.intent);
  if (put.observation !== undefined) rows.writeObservation(entry, put.observation, put.keep === true);
  return { result: entry, change: { type: 'put', entry, previous, revision } };
}

export function keyOf(operation: Operation): string {
  return operation.type === 'put' ? operation.put.key : operation.key;
}

/** For messages: `put /registry/pods/default/web`. */
export function describeOperation(operation: Operation): string {
  return `${operation.type} ${keyOf(operation)}`;
}
