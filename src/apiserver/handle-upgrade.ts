/**
 * Requests that leave HTTP: exec, attach, port-forward and logs over WebSocket, and files that are kept in step. Who it is, whether he may and whether the
 * pod exists is settled before the protocol changes, so that a refusal is a plain HTTP Status. Watches over WebSocket,
 * which browsers like, are not served and say so.
 */
import type { IncomingMessage } from 'node:http';
import { podKind } from '../api/kinds/pod/pod.ts';
import type { Pod } from '../api/kinds/pod/types.ts';
import { isPodSync, syncProtocol } from '../api/sync/sync-path.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { StatusError } from '../lib/status-error.ts';
import { type AuditSink, withAudit } from './audit.ts';
import type { Authenticate, Listener, Socket } from './authn.ts';
import { requireResource } from './authz.ts';
import { toFailure } from './handle-request.ts';
import { parsePath, type ResourcePath } from './http/request-path.ts';
import { splitUrl } from './http/split-url.ts';
import type { UserInfo } from './identity.ts';
import type { PodStreams } from './pod-streams.ts';
import type { PodSync } from './pod-sync.ts';
import { chooseContainer } from './pods/choose-container.ts';
import { parseLogOptions } from './pods/log-options.ts';
import { parseSyncQuery } from './pods/sync-query.ts';
import { unknownPath } from './registry/errors.ts';
import { isPod } from './registry/removal.ts';
import type { Registry } from './registry.ts';
import type { RequestLimits } from './request-limits.ts';
import { findTarget, methodNotAllowed, requireName } from './requests/handle-resource.ts';
import type { StreamUpgrader } from './streams/stream-upgrader.ts';
import { refuseUpgrade } from './streams/upgrade-response.ts';

export interface UpgradeDeps {
  readonly registry: Registry;
  readonly podStreams: PodStreams;
  readonly podSync: PodSync;
  readonly upgrader: StreamUpgrader;
  readonly authenticate: Authenticate;
  readonly limits: RequestLimits;
  readonly clock: Clock;
  readonly log: Logger;
  /** Keeps a record of who did what. */
  readonly audit: AuditSink | undefined;
}

/** One upgrade as Node hands it over. */
export interface IncomingUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
  readonly listener: Listener;
}

/** HTTP's status for a stream that begins. */
const switchingProtocols = 101;

type StreamName = 'exec' | 'attach' | 'portforward' | 'log' | 'sync';

/** A stream that is allowed, and the pod that it leads into. */
interface Admitted {
  readonly pod: Pod;
  readonly stream: StreamName;
}

/** Serves an upgrade until its streams end. Never rejects. */
export async function handleUpgrade(deps: UpgradeDeps, incoming: IncomingUpgrade): Promise<void> {
  const { request, socket } = incoming;
  // Node removes its own listener when it hands the socket over.
  const onError = (): void => {
    socket.destroy();
  };
  socket.on('error', onError);
  const { pathname, query } = splitUrl(request.url ?? '/');
  let release = (): void => {};
  try {
    const { pod, stream } = await admit(deps, incoming, pathname);
    release = deps.limits.enter(true);
    await serve(deps, incoming, pod, stream, query);
  } catch (error) {
    refuseUpgrade(socket, toFailure(error, deps.log, { method: request.method, path: pathname }));
  } finally {
    release();
  }
}

async function admit(deps: UpgradeDeps, { request, listener }: IncomingUpgrade, pathname: string): Promise<Admitted> {
  const caller = await deps.authenticate(listener, request);
  const path = parsePath(pathname);
  if (path?.type !== 'resource') throw unknownPath();
  if (isReadOverWebSocket(request, path)) throw noWebSocketHere();
  // Entering a container is a change of it, whichever method carries it (Kubernetes asks for `create` since 1.35).
  const verb = path.subresource === 'log' ? 'get' : 'create';
  return withAudit(
    deps,
    { request, caller, verb, target: path },
    () => requirePod(deps, request, path, verb, caller.user),
    () => switchingProtocols,
  );
}

async function requirePod(
  { registry }: UpgradeDeps,
  request: IncomingMessage,
  path: ResourcePath,
  verb: string,
  user: UserInfo,
): Promise<Admitted> {
  requireResource(user, { ...path, verb });
  const isSync = isPodSync(path);
  const target = requireName(isSync ? { kind: podKind, namespace: path.namespace } : findTarget(path), path);
  const stream = isSync ? 'sync' : streamOf(path);
  if (!isPod(target.kind) || stream === undefined) throw unknownPath();
  if (request.method !== 'GET' && request.method !== 'POST') throw methodNotAllowed();
  const pod = (await registry.get(target.kind, target.key)) as Pod;
  // What is written into a pod is run by it.
  if (stream === 'exec' || stream === 'attach' || stream === 'sync') await registry.checkMayEnter(pod, user);
  return { pod, stream };
}

/** Lists and watches: what a client reads, and could read without a WebSocket. */
function isReadOverWebSocket({ method }: IncomingMessage, { name, subresource }: ResourcePath): boolean {
  return method === 'GET' && (name === undefined || subresource === undefined);
}

function noWebSocketHere(): StatusError {
  return new StatusError(
    'BadRequest',
    `watches and lists are not served over WebSocket by this version of Eliot: send the request without the Upgrade header`,
  );
}

/** Whether an Upgrade header names a protocol of ours. Others (curl offers h2c) may be passed over: RFC 9110, 7.8. */
export function isUpgradeServed({ headers }: IncomingMessage): boolean {
  return /^(?:websocket|spdy\/)/i.test(headers.upgrade ?? '');
}

function streamOf({ subresource }: ResourcePath): StreamName | undefined {
  return (['exec', 'attach', 'portforward', 'log'] as const).find((name) => name === subresource);
}

async function serve(
  deps: UpgradeDeps,
  { request, socket, head }: IncomingUpgrade,
  pod: Pod,
  stream: StreamName,
  query: URLSearchParams,
): Promise<void> {
  const { podStreams, upgrader } = deps;
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  const podRef = { namespace, pod: name, uid };
  if (stream === 'sync') {
    const wish = { ...podRef, ...parseSyncQuery(query) };
    return upgrader.tunnel(request, socket, head, syncProtocol, (signal) => deps.podSync.open(wish, signal));
  }
  if (stream === 'portforward') {
    return upgrader.portForward(request, socket, head, (port, signal) => podStreams.portForward(podRef, port, signal));
  }
  const ref = { ...podRef, container: chooseContainer(pod, query.get('container') ?? undefined) };
  if (stream === 'log') {
    const options = parseLogOptions(query);
    return upgrader.read(request, socket, head, (signal) => podStreams.log(ref, options, signal));
  }
  if (stream === 'attach') {
    return upgrader.attach(request, socket, head, (ends, signal) => podStreams.attach(ref, ends, signal));
  }
  const command = query.getAll('command');
  if (command.length === 0)
    throw new StatusError('BadRequest', 'you must specify at least 1 command for the container');
  return upgrader.exec(request, socket, head, (ends, signal) => podStreams.exec(ref, command, ends, signal));
}
