/** Every failure on the wire: a `metav1.Status` object. */
import { type StatusDetails, StatusError } from '../../lib/status-error.ts';

export interface StatusObject {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: { readonly continue?: string };
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

/** The Status that tells a client of `error`. */
export function failureStatus(error: StatusError): StatusObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: error.continue === undefined ? {} : { continue: error.continue },
    status: 'Failure',
    message: error.message,
    reason: error.reason,
    ...(error.details ? { details: error.details } : {}),
    code: error.code,
  };
}

/** The Status that says that something was done, when there is no object to answer with. */
export function successStatus(details: StatusDetails, code = 200): StatusObject {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details, code };
}

/** What a client may know of a failure that is ours: an id to look for in the log, nothing from inside. */
export function internalError(id: string): StatusError {
  return new StatusError('InternalError', `Internal error occurred: see the log of eliotd for ${id}`, {
    details: { causes: [{ reason: 'InternalError', message: `see the log of eliotd for ${id}` }] },
  });
}
