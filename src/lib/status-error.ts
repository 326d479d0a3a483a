/**
 * The one error that crosses a module boundary, and its closed set of reasons.
 *
 * The reasons are those of Kubernetes' `metav1.StatusReason`; the API server maps
 * them to the wire once. `reason` is for programs and never changes meaning;
 * `message` is for people and names the object; `cause` keeps what the lower layer said.
 */

/** HTTP status sent for each reason. */
export const httpStatusByReason = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  InsufficientStorage: 507,
} as const;

export type Reason = keyof typeof httpStatusByReason;

/** One field that is wrong, as in `metav1.StatusCause`. `field` is a path like `spec.containers[0].image`. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

/** What the error is about, as in `metav1.StatusDetails`; `kind` is the plural resource for 404 and 409. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

export interface StatusErrorOptions extends ErrorOptions {
  readonly details?: StatusDetails;
  /** For a list that cannot go on consistently: the token by which it can go on all the same. */
  readonly continue?: string;
}

export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly reason: Reason;
  readonly details: StatusDetails | undefined;
  readonly continue: string | undefined;

  constructor(reason: Reason, message: string, options?: StatusErrorOptions) {
    super(message, options);
    this.reason = reason;
    this.details = options?.details;
    this.continue = options?.continue;
  }

  /** The HTTP status code of this error's reason. */
  get code(): number {
    return httpStatusByReason[this.reason];
  }
}

/** Whether `error` is a StatusError with one of `reasons` (any reason when none is named). */
export function isStatusError(error: unknown, ...reasons: Reason[]): error is StatusError {
  return error instanceof StatusError && (reasons.length === 0 || reasons.includes(error.reason));
}
