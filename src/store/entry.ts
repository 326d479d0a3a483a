/** The rules of an entry that every store shares: what a put makes of it, and how keys are ordered. */
import { StatusError } from '../lib/status-error.ts';
import type { Entry, Put } from './store.ts';

/**
 * What `put` makes of `previous`, at `revision`; `'Conflict'` when it expected another revision.
 * A part that the put leaves out stays as it is, and keeps the very same string (so that it is held once).
 *
 * @throws StatusError `InternalError` for a put that carries neither part: a fault of the caller
 */
export function applyPut(previous: Entry | undefined, put: Put, revision: number): Entry | 'Conflict' {
  if (put.intent === undefined && put.observation === undefined) {
    throw new StatusError('InternalError', `put of ${put.key} carries neither intent nor observation`);
  }
  if (put.expected !== (previous?.revision ?? 0)) return 'Conflict';
  return {
    key: put.key,
    intent: put.intent ?? previous?.intent,
    observation: put.observation ?? previous?.observation,
    observationIsFromEarlierBoot: put.observation === undefined && (previous?.observationIsFromEarlierBoot ?? false),
    createRevision: previous?.createRevision ?? revision,
    revision,
  };
}

/** Sorts after every key that starts with `prefix`: U+10FFFF is no character, so no printable key holds it. */
export function endOfPrefix(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}

/** Order of keys by their bytes in UTF-8, as SQLite's BINARY collation has it; `<` would order UTF-16 units. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
