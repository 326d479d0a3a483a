/** `resourceVersion` and `resourceVersionMatch` of lists and watches, with Kubernetes' rules for them. */
import type { FieldError } from '../../api/schema/kind.ts';
import { StatusError } from '../../lib/status-error.ts';
import { invalid } from './errors.ts';

export type RevisionMatch = 'NotOlderThan' | 'Exact';

const listOptionsKind = { group: 'meta.k8s.io', kind: 'ListOptions' };

/** The refusal of list or watch parameters that do not go together. */
function invalidListOptions(error: FieldError): StatusError {
  return invalid(listOptionsKind, '', [error]);
}

export function forbiddenOption(field: string, why: string): StatusError {
  return invalidListOptions({ field, reason: 'FieldValueForbidden', message: `Forbidden: ${why}` });
}

/**
 * The revision as a number; undefined when none was given.
 *
 * @throws StatusError Invalid when it is no decimal number
 */
export function parseRevision(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,16}$/.test(text)) return Number(text);
  throw invalidListOptions({
    field: 'resourceVersion',
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
  });
}

/** @throws StatusError Invalid for a word that is no match rule */
export function parseRevisionMatch(text: string | undefined): RevisionMatch | undefined {
  if (text === undefined || text === '') return undefined;
  if (text === 'NotOlderThan' || text === 'Exact') return text;
  throw invalidListOptions({
    field: 'resourceVersionMatch',
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${JSON.stringify(text)}: supported values: "Exact", "NotOlderThan", ""`,
  });
}

/** The answer to a revision that this store has not reached yet. */
export function tooLargeRevision(asked: number, current: number): StatusError {
  return new StatusError('Timeout', `Too large resource version: ${asked}, current: ${current}`, {
    details: {
      retryAfterSeconds: 1,
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    },
  });
}

export function expired(asked: number, current: number): StatusError {
  return new StatusError('Expired', `The resourceVersion for the provided list is too old: ${asked} (${current})`);
}
