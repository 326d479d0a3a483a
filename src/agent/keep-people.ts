/** Joins what the device knows of those who come to it: when they were last seen, and what they did. */
import type { ObjectClient } from '../api/object-client.ts';
import type { AuthnDeps } from '../apiserver/authn.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { TaskGroup } from '../lib/task-group.ts';
import { type AuditDeps, openAudit } from './audit/open-audit.ts';
import { ClientSightings } from './pki/client-sightings.ts';
import type { IssuedClients } from './pki/issued-clients.ts';

export interface KeepPeopleDeps extends Pick<AuditDeps, 'settings' | 'isPodAddress' | 'tell'> {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly issuedClients: IssuedClients;
  /** False while the store takes no changes. */
  readonly mayWrite: boolean;
}

export interface KeptPeople {
  /** Whom the API server lets in, and whom it tells who came. */
  readonly authn: Pick<AuthnDeps, 'issuedClients' | 'clientSeen'>;
  /** Who keeps the record of what was done. */
  readonly audit: ReturnType<typeof openAudit>['sink'];
}

/** Works until `group` stops. */
export function keepPeople(group: TaskGroup, deps: KeepPeopleDeps): KeptPeople {
  const { client, clock, log, issuedClients, mayWrite, settings, isPodAddress, tell } = deps;
  const objectNameOf = (fingerprint: string): string | undefined => issuedClients.find(fingerprint)?.objectName;
  const sightings = new ClientSightings({ client, clock, log, objectNameOf });
  if (mayWrite) group.start((stopping) => sightings.run(stopping));
  const audit = openAudit({ clock, log, settings, isPodAddress, tell });
  group.start((stopping) => audit.run(stopping));
  issuedClients.onIssued(audit.issued);
  issuedClients.onRevoked(audit.revoked);
  const clientSeen = (fingerprint: string, address: string): void => sightings.seen(fingerprint, address);
  return { authn: { issuedClients, clientSeen }, audit: audit.sink };
}
