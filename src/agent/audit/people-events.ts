/**
 * What people do on the device that the device itself should tell: who entered a pod, who came and who was shut out. Pure.
 *
 * Whoever looks may read events, so of a command only the program is named: passwords stand among its arguments.
 */
import type { AuditedRequest } from '../../apiserver/audit.ts';
import { splitUrl } from '../../apiserver/http/split-url.ts';

export interface PersonEvent {
  readonly reason: string;
  readonly message: string;
}

/** A client as its certificate and its object name it. */
export interface NamedClient {
  readonly name: string;
  readonly groups: readonly string[];
  readonly objectName: string;
}

/** A longer name of a program is cut. */
const maxProgramLength = 64;

const reasons: ReadonlyMap<string, string> = new Map([
  ['exec', 'Exec'],
  ['attach', 'Attach'],
  ['portforward', 'PortForward'],
]);

/** Whether it enters a pod. */
export function isStream({ target }: Pick<AuditedRequest, 'target'>): boolean {
  return target.resource === 'pods' && reasons.has(target.subresource ?? '');
}

/** The event of a stream into a pod that began; undefined for any other request. */
export function streamEvent(request: AuditedRequest): PersonEvent | undefined {
  const { caller, address, target, code, uri } = request;
  const reason = reasons.get(target.subresource ?? '');
  if (reason === undefined || !isStream(request) || code !== 101) return undefined;
  const { query } = splitUrl(uri);
  const container = query.get('container');
  const program = query.get('command')?.slice(0, maxProgramLength);
  const { username } = caller.impersonator ?? caller.user;
  return {
    reason,
    message: [
      `${username}${caller.impersonator ? ` as ${caller.user.username}` : ''} from ${address ?? 'the device itself'}:`,
      `pod ${target.namespace}/${target.name}${container ? `, container ${container}` : ''}`,
    ]
      .join(' ')
      .concat(program ? `: ${program}` : ''),
  };
}

/** @param what `issued` or `revoked` */
export function clientEvent(
  what: 'issued' | 'revoked',
  {
    name,
    groups,
    objectName,
  }: { readonly name: string; readonly groups: readonly string[]; readonly objectName: string },
): PersonEvent {
  const whose = `certificate ${objectName} of ${name} (${groups.join(', ') || 'no group'})`;
  return what === 'issued'
    ? { reason: 'ClientIssued', message: `Issued the ${whose}` }
    : { reason: 'ClientRevoked', message: `Revoked the ${whose}` };
}
