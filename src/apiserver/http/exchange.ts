/** One request and its answer, after the caller was recognised. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../lib/clock.ts';
import type { AuditNotes } from '../audit.ts';
import type { UserInfo } from '../identity.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly user: UserInfo;
  readonly query: URLSearchParams;
  readonly clock: Clock;
  /** What the record of this request is to say beside what was asked. Default: nobody keeps one. */
  readonly notes?: AuditNotes;
  /** Aborts when the client is gone or the server closes. */
  readonly signal: AbortSignal;
}
