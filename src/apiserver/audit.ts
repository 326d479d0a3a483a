/** Who did what: each request about a resource that is more than a look is told to one who keeps a record of it. */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../lib/clock.ts';
import { isStatusError, type StatusError } from '../lib/status-error.ts';
import { type Caller, plainAddress } from './authn.ts';
import type { ResourcePath } from './http/request-path.ts';

/** One request and how it ended; of a stream, that it began. */
export interface AuditedRequest {
  readonly caller: Caller;
  /** Undefined at the unix socket. */
  readonly address: string | undefined;
  /** By the unix socket, or from one of the device's own addresses, which pods on its network have too. */
  readonly isFromDevice: boolean;
  readonly userAgent: string | undefined;
  /** Path and query as they were sent. */
  readonly uri: string;
  readonly verb: string;
  /** With the name that a new object got. */
  readonly target: ResourcePath;
  /** HTTP's status; 101 for a stream that began. */
  readonly code: number;
  /** Whoever did the work changed nothing, as he was asked to. */
  readonly isDryRun: boolean;
  /** What the caller was told when it was refused. */
  readonly failure: StatusError | undefined;
  readonly receivedAtMs: number;
  readonly endedAtMs: number;
}

/** Told after the answer, at once; must be quick and not throw. */
export type AuditSink = (request: AuditedRequest) => void;

/** What the work on a request adds to its record. */
export interface AuditNotes {
  /** Name of the object that was made. */
  objectName?: string;
  isDryRun?: boolean;
}

export interface Audited {
  readonly request: IncomingMessage;
  readonly caller: Caller;
  readonly verb: string;
  readonly target: ResourcePath;
}

const lookingVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

/**
 * Runs `work` and tells `sink` how it ended.
 *
 * @param work does the request; what it throws is told, and thrown on
 * @param codeOf the status of the answer
 */
export async function withAudit<T>(
  { audit, clock }: { readonly audit: AuditSink | undefined; readonly clock: Clock },
  audited: Audited,
  work: (notes: AuditNotes) => Promise<T>,
  codeOf: (result: T) => number,
): Promise<T> {
  const notes: AuditNotes = {};
  if (audit === undefined || lookingVerbs.has(audited.verb)) return work(notes);
  const receivedAtMs = clock.now();
  const tell = (code: number, failure?: StatusError): void =>
    audit(record(audited, notes, { code, failure, receivedAtMs, endedAtMs: clock.now() }));
  try {
    const result = await work(notes);
    tell(codeOf(result));
    return result;
  } catch (error) {
    const failure = isStatusError(error) ? error : undefined;
    tell(failure?.code ?? 500, failure);
    throw error;
  }
}

function record(
  { request, caller, verb, target }: Audited,
  { objectName, isDryRun = false }: AuditNotes,
  end: Pick<AuditedRequest, 'code' | 'failure' | 'receivedAtMs' | 'endedAtMs'>,
): AuditedRequest {
  const { remoteAddress, localAddress } = request.socket;
  return {
    caller,
    address: remoteAddress === undefined ? undefined : plainAddress(remoteAddress),
    isFromDevice: remoteAddress === localAddress,
    userAgent: request.headers['user-agent'],
    uri: request.url ?? '',
    verb,
    target: objectName === undefined ? target : { ...target, name: objectName },
    isDryRun,
    ...end,
  };
}
