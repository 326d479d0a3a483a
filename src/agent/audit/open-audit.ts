/** Joins the record of who did what: requests become lines of the log, and some of them events of the node. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { AuditedRequest, AuditSink } from '../../apiserver/audit.ts';
import { createDurableLogs } from '../../host/durable-log.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isLimited, isRecorded, issueRequest, omittedEvent, toAuditEvent } from './audit-event.ts';
import { AuditLog } from './audit-log.ts';
import { LineLimit } from './line-limit.ts';
import { clientEvent, type NamedClient, type PersonEvent, streamEvent } from './people-events.ts';

export interface AuditDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: {
    readonly dataDir: string;
    readonly runDir: string;
    readonly auditLogStorage: 'disk' | 'memory';
    readonly auditLogMaxSize: number;
    readonly auditLogMaxBackup: number;
  };
  /** Whether a pod of this device has the address. */
  readonly isPodAddress: (address: string) => boolean;
  /** Tells the node's events. */
  readonly tell: (event: PersonEvent) => void;
}

export interface Audit {
  /** Takes requests. */
  readonly sink: AuditSink;
  /** A person or program got a certificate; the request for it is none about a resource. */
  issued(client: NamedClient): void;
  /** Its certificate was revoked; the request for that comes by the sink. */
  revoked(client: NamedClient): void;
  /** Writes until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export function openAudit({ clock, log, settings, isPodAddress, tell }: AuditDeps): Audit {
  const { auditLogStorage, dataDir, runDir, auditLogMaxSize: maxBytes, auditLogMaxBackup: maxBackups } = settings;
  const path = join(auditLogStorage === 'disk' ? dataDir : runDir, 'audit/audit.log');
  const auditLog = new AuditLog({ clock, log, files: createDurableLogs(), path, maxBytes, maxBackups });
  const limit = new LineLimit({
    clock,
    log,
    tellOmitted: (username, count) => auditLog.record(omittedEvent(username, count, clock.now())),
  });
  const record = (request: AuditedRequest): void => auditLog.record(toAuditEvent(request, randomUUID()));
  return {
    issued: (client) => {
      record(issueRequest(client.objectName, clock.now()));
      tell(clientEvent('issued', client));
    },
    revoked: (client) => tell(clientEvent('revoked', client)),
    sink: (request) => {
      if (!isRecorded(request, isPodAddress)) return;
      if (!isLimited(request, isPodAddress) || limit.takes(request)) record(request);
      const event = streamEvent(request);
      if (event) tell(event);
    },
    run: async (signal) => {
      const told = new AbortController();
      const written = auditLog.run(told.signal);
      // What it tells at its end is to be written too.
      await limit.run(signal).finally(() => told.abort());
      await written;
    },
  };
}
