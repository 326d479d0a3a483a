/** gRPC's status codes as StatusErrors. */
import { type Reason, StatusError } from '../status-error.ts';

/** Codes of gRPC's `google.rpc.Code` that are told apart here. */
export const grpcCode = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  resourceExhausted: 8,
  unimplemented: 12,
  unavailable: 14,
} as const;

const reasonByCode: Readonly<Record<number, Reason>> = {
  [grpcCode.invalidArgument]: 'Invalid',
  [grpcCode.deadlineExceeded]: 'Timeout',
  [grpcCode.notFound]: 'NotFound',
  [grpcCode.alreadyExists]: 'AlreadyExists',
  [grpcCode.unavailable]: 'ServiceUnavailable',
};

/** The answer of a call that did not succeed. `message` is the server's own text. */
export class GrpcError extends StatusError {
  /** gRPC's status code. */
  readonly grpcCode: number;

  constructor(code: number, message: string, options?: ErrorOptions) {
    super(reasonByCode[code] ?? 'InternalError', message, options);
    this.grpcCode = code;
  }
}

/** Headers or trailers of an HTTP/2 answer. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The call's outcome when `headers` carry one: undefined for success, `'none'` when they carry none. */
export function outcomeOf(headers: AnswerHeaders, path: string): GrpcError | undefined | 'none' {
  const text = headers['grpc-status'];
  if (text === undefined) return 'none';
  const code = Number(text);
  if (code === grpcCode.ok) return undefined;
  const message = decodePercent(String(headers['grpc-message'] ?? ''));
  return new GrpcError(Number.isInteger(code) ? code : grpcCode.unknown, message || `${path} failed with code ${text}`);
}

/** gRPC's percent-encoding of UTF-8; malformed text is passed as it is, as the specification demands. */
function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    const bytes = text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(bytes, 'latin1').toString('utf8');
  }
}
