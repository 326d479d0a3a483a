/** Turns an answer that is not 2xx into the StatusError that the server meant. */
import {
  httpStatusByReason,
  type Reason,
  type StatusCause,
  type StatusDetails,
  StatusError,
} from '../lib/status-error.ts';

/** `metav1.Status` as it arrives; nothing in it is certain. */
export interface WireStatus {
  readonly kind?: unknown;
  readonly status?: unknown;
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly code?: unknown;
  readonly details?: unknown;
}

/** A refusal that the server itself sent, as opposed to a connection that failed. */
export class ServerStatusError extends StatusError {
  /** The reason as it was sent, which may be none of ours. */
  readonly wireReason: string;

  constructor(reason: Reason, message: string, wireReason: string, details: StatusDetails | undefined) {
    super(reason, message, details === undefined ? {} : { details });
    this.wireReason = wireReason;
  }
}

/** Longest piece of a foreign answer that is repeated in a message. */
const maxQuotedCharacters = 300;

/** The error that a `Status` object says. `code` is the HTTP status, used when the reason is not one we know. */
export function statusErrorOf(status: WireStatus, code: number): ServerStatusError {
  const reason = isReason(status.reason) ? status.reason : reasonOfCode(Number(status.code ?? code));
  const message = typeof status.message === 'string' && status.message !== '' ? status.message : reason;
  const wireReason = typeof status.reason === 'string' && status.reason !== '' ? status.reason : reason;
  return new ServerStatusError(reason, message, wireReason, detailsOf(status.details));
}

/** The error of a whole answer: its Status when the body is one, else what the body begins with. */
export function statusErrorOfBody(code: number, statusText: string, body: string, address: string): ServerStatusError {
  const parsed = parseStatus(body);
  if (parsed !== undefined) return statusErrorOf(parsed, code);
  const quoted = body.trim().slice(0, maxQuotedCharacters);
  const message = `the server at ${address} answered ${code} ${statusText}${quoted === '' ? '' : `: ${quoted}`}`;
  const reason = reasonOfCode(code);
  return new ServerStatusError(reason, message, reason, undefined);
}

function parseStatus(body: string): WireStatus | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) && value['kind'] === 'Status' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The reason that Kubernetes gives to an HTTP status code. */
export function reasonOfCode(code: number): Reason {
  // Both AlreadyExists and Conflict are 409; without a Status only the weaker one is certain.
  if (code === 409) return 'Conflict';
  for (const [reason, known] of Object.entries(httpStatusByReason)) {
    if (known === code && isReason(reason)) return reason;
  }
  if (code === 502) return 'ServiceUnavailable';
  return code >= 400 && code < 500 ? 'BadRequest' : 'InternalError';
}

function isReason(value: unknown): value is Reason {
  return typeof value === 'string' && Object.hasOwn(httpStatusByReason, value);
}

function detailsOf(value: unknown): StatusDetails | undefined {
  if (!isRecord(value)) return undefined;
  const causes = Array.isArray(value['causes']) ? value['causes'].filter(isRecord).map(causeOf) : undefined;
  return {
    ...text(value, 'name'),
    ...text(value, 'group'),
    ...text(value, 'kind'),
    ...text(value, 'uid'),
    ...(causes === undefined ? {} : { causes }),
    ...(typeof value['retryAfterSeconds'] === 'number' ? { retryAfterSeconds: value['retryAfterSeconds'] } : {}),
  };
}

function causeOf(value: Readonly<Record<string, unknown>>): StatusCause {
  return { reason: String(value['reason'] ?? ''), message: String(value['message'] ?? ''), ...text(value, 'field') };
}

function text<K extends string>(from: Readonly<Record<string, unknown>>, key: K): { [P in K]?: string } {
  const value = from[key];
  return typeof value === 'string' ? ({ [key]: value } as { [P in K]?: string }) : {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
