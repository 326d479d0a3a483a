/**
 * One request of a person as `audit.k8s.io/v1` Event at the level Metadata: who, what, from where, and how it ended; never
 * what was sent or answered. Pure.
 *
 * Recorded is what changed something, what may have (a failure of ours), and what was refused. Not recorded: looking; what
 * pods do with their tokens, and objects that are heartbeats (leases, events), as they would wear the flash out; dry runs and
 * questions. A pod is known by its token and by where it comes from: a token alone can be carried away.
 */
import { clients } from '../../api/resources.ts';
import type { AuditedRequest } from '../../apiserver/audit.ts';
import type { UserInfo } from '../../apiserver/identity.ts';
import { parseServiceAccountUsername } from '../../apiserver/service-account-user.ts';
import { formatMicroTime } from '../../lib/clock.ts';
import { isStream } from './people-events.ts';

/** Heartbeats, and questions that change nothing. */
const unrecordedResources: ReadonlySet<string> = new Set(['leases', 'events']);
const reviewGroups: ReadonlySet<string> = new Set(['authentication.k8s.io', 'authorization.k8s.io']);
/** Longer request lines and agents are cut: a line of the log is bounded. */
const maxTextLength = 1_024;

/**
 * Whether a request belongs into the log.
 *
 * @param isPodAddress whether a pod of this device has the address
 */
export function isRecorded(request: AuditedRequest, isPodAddress: (address: string) => boolean): boolean {
  const { target, code, isDryRun } = request;
  // Whoever enters a pod is told of.
  if (isStream(request)) return code === 101 || isRefusal(code);
  if (isOfPod(request, isPodAddress)) return false;
  if (unrecordedResources.has(target.resource) || reviewGroups.has(target.group) || target.subresource === 'status')
    return false;
  // A token is given out whatever stands there.
  if (isDryRun && target.subresource !== 'token') return false;
  return code < 300 || isRefusal(code);
}

/** Whether it costs its cause nothing, so that its lines are to be few: a refusal, or the doing of a pod. */
export function isLimited(request: AuditedRequest, isPodAddress: (address: string) => boolean): boolean {
  return isRefusal(request.code) || isOfPod(request, isPodAddress);
}

function isOfPod(request: AuditedRequest, isPodAddress: (address: string) => boolean): boolean {
  const { caller, address, isFromDevice } = request;
  if (!parseServiceAccountUsername((caller.impersonator ?? caller.user).username)) return false;
  return isFromDevice || (address !== undefined && isPodAddress(address));
}

/** Refused, or failed so that nobody knows what has been done. */
function isRefusal(code: number): boolean {
  return code === 403 || code >= 500;
}

/** What two requests have in common that are one, tried again. */
export function sameKey({ caller, verb, target, code }: AuditedRequest): string {
  const { group, resource, subresource, namespace, name } = target;
  return JSON.stringify([caller.user.username, verb, group, resource, subresource, namespace, name, code]);
}

/** @param auditId a fresh UUID */
export function toAuditEvent(request: AuditedRequest, auditId: string): object {
  const { caller, address, userAgent, uri, verb, target, code, failure, receivedAtMs, endedAtMs } = request;
  const { group, version, resource, subresource, namespace, name } = target;
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: auditId,
    // A stream is recorded when it begins: one that lasts must not be unknown until it ends.
    stage: code === 101 ? 'ResponseStarted' : 'ResponseComplete',
    requestURI: withoutCommand(uri).slice(0, maxTextLength),
    verb,
    user: userOf(caller.impersonator ?? caller.user),
    ...(caller.impersonator ? { impersonatedUser: userOf(caller.user) } : {}),
    ...(address === undefined ? {} : { sourceIPs: [address] }),
    ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, maxTextLength) }),
    objectRef: {
      resource,
      ...(namespace ? { namespace } : {}),
      ...(name ? { name } : {}),
      ...(group === '' ? {} : { apiGroup: group }),
      apiVersion: version,
      ...(subresource ? { subresource } : {}),
    },
    responseStatus: {
      metadata: {},
      ...(failure
        ? { status: 'Failure', message: failure.message.slice(0, maxTextLength), reason: failure.reason }
        : {}),
      code,
    },
    requestReceivedTimestamp: formatMicroTime(receivedAtMs),
    stageTimestamp: formatMicroTime(endedAtMs),
    annotations: { 'authorization.k8s.io/decision': code === 403 ? 'forbid' : 'allow' },
  };
}

/** Says how many requests of a user have no line; of several users together when `username` is undefined. */
export function omittedEvent(username: string | undefined, count: number, nowMs: number): object {
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'None',
    ...(username === undefined ? {} : { user: { username } }),
    stageTimestamp: formatMicroTime(nowMs),
    annotations: { 'audit.eliot.run/omitted': String(count) },
  };
}

/** The giving out of a certificate, as if it had been the creation of its Client. */
export function issueRequest(objectName: string, nowMs: number): AuditedRequest {
  const { group, version, resource } = clients;
  return {
    caller: { user: { username: 'system:eliot:pairing', groups: [] } },
    address: undefined,
    isFromDevice: true,
    userAgent: undefined,
    uri: '/pair',
    verb: 'create',
    target: {
      type: 'resource',
      group,
      version,
      resource,
      namespace: undefined,
      name: objectName,
      subresource: undefined,
    },
    code: 201,
    isDryRun: false,
    failure: undefined,
    receivedAtMs: nowMs,
    endedAtMs: nowMs,
  };
}

/** A request line without the command that it has run in a container: passwords stand among its words. */
function withoutCommand(uri: string): string {
  const start = uri.indexOf('?') + 1;
  if (start === 0) return uri;
  const isCommand = (parameter: string): boolean => new URLSearchParams(parameter).has('command');
  const kept = uri
    .slice(start)
    .split('&')
    .filter((parameter) => !isCommand(parameter));
  return kept.length === 0 ? uri.slice(0, start - 1) : uri.slice(0, start) + kept.join('&');
}

function userOf({ username, uid, groups, extra }: UserInfo): object {
  return { username, ...(uid ? { uid } : {}), groups, ...(extra ? { extra } : {}) };
}
