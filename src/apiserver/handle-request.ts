/** From a request to its answer: who is it, may he, what is it about, and who does it. */

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { isStatusError, type StatusError } from '../lib/status-error.ts';
import { type AuditSink, withAudit } from './audit.ts';
import type { Authenticate, Listener } from './authn.ts';
import { requirePath } from './authz.ts';
import { handleDiscovery } from './discovery/handle-discovery.ts';
import { checkHealth, type HealthCheck } from './discovery/health.ts';
import type { OpenApiDocuments } from './discovery/openapi.ts';
import { leaveNoPlace, sendFailure } from './http/answer.ts';
import type { Exchange } from './http/exchange.ts';
import { readBoolean } from './http/query.ts';
import { parsePath } from './http/request-path.ts';
import { splitUrl } from './http/split-url.ts';
import { internalError } from './http/status-answer.ts';
import { unknownPath } from './registry/errors.ts';
import type { RequestLimits } from './request-limits.ts';
import { handleResource, type ResourceDeps, verbOf } from './requests/handle-resource.ts';
import type { HandlePairing } from './requests/pairing.ts';

export interface RequestDeps extends ResourceDeps {
  readonly authenticate: Authenticate;
  readonly limits: RequestLimits;
  readonly healthChecks: readonly HealthCheck[];
  readonly openApi: OpenApiDocuments;
  readonly handlePairing: HandlePairing;
  /** The body of GET /version. */
  readonly version: unknown;
  readonly clock: Clock;
  readonly log: Logger;
  /** Keeps a record of who did what. */
  readonly audit: AuditSink | undefined;
}

/** One request as it came in. */
export interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly listener: Listener;
  /** Aborts when the client is gone or the server closes. */
  readonly signal: AbortSignal;
}

/** Answers a request. Never rejects: what goes wrong is told to the client, and to the log when it is ours. */
export async function handleRequest(deps: RequestDeps, incoming: Incoming): Promise<void> {
  const { request, response, signal } = incoming;
  const { pathname, query } = splitUrl(request.url ?? '/');
  try {
    await answer(deps, incoming, pathname, query);
  } catch (error) {
    if (signal.aborted && response.headersSent) {
      response.destroy();
      return;
    }
    const failure = toFailure(error, deps.log, { method: request.method, path: pathname });
    if (failure.reason === 'Unauthorized') leaveNoPlace(response);
    await sendFailure({ request, response, clock: deps.clock, signal }, failure).catch(() => response.destroy());
  }
}

async function answer(deps: RequestDeps, incoming: Incoming, pathname: string, query: URLSearchParams): Promise<void> {
  const { request, response, listener, signal } = incoming;
  const target = parsePath(pathname);
  if (target?.type === 'other' && (target.path === '/livez' || target.path === '/readyz')) {
    return answerHealth(deps, response, target.path === '/livez' ? 'livez' : 'readyz', query);
  }
  if (target?.type === 'other' && (await deps.handlePairing(incoming, target.path))) return;
  const caller = await deps.authenticate(listener, request);
  const exchange: Exchange = { request, response, user: caller.user, query, clock: deps.clock, signal };
  if (!target) throw unknownPath();
  const release = deps.limits.enter(isLongRunning(request.method, query, pathname));
  try {
    if (target.type === 'resource') {
      const audited = { request, caller, verb: verbOf(exchange, target), target };
      return await withAudit(
        deps,
        audited,
        (notes) => handleResource(deps, { ...exchange, notes }, target),
        () => response.statusCode,
      );
    }
    requirePath(caller.user, { verb: (request.method ?? 'GET').toLowerCase(), path: target.path });
    if (target.path === '/healthz') return await answerHealth(deps, response, 'livez', query);
    await handleDiscovery(deps, exchange, target.path);
  } finally {
    release();
  }
}

const imageTransfer =
  /^\/apis\/eliot\.run\/[^/]+\/(?:imagearchives|imagelayers|imagepulls|imagepushes|images\/[^/]+\/archive)$/;

const bundleTransfer = /^\/apis\/eliot\.run\/[^/]+\/bundles$/;

/** Watches, followed logs and the contents of images and bundles last; everything else counts against the limit of short requests. */
function isLongRunning(method: string | undefined, query: URLSearchParams, pathname: string): boolean {
  return (
    readBoolean(query, 'watch') === true ||
    (pathname.endsWith('/log') && readBoolean(query, 'follow') === true) ||
    imageTransfer.test(pathname) ||
    (method === 'POST' && bundleTransfer.test(pathname))
  );
}

async function answerHealth(
  deps: RequestDeps,
  response: ServerResponse,
  kind: 'livez' | 'readyz',
  query: URLSearchParams,
): Promise<void> {
  const verbose = readBoolean(query, 'verbose') ?? false;
  const { ok, text } = await checkHealth(deps.healthChecks, kind, verbose, query.getAll('exclude'));
  leaveNoPlace(response);
  response.writeHead(ok ? 200 : 500, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-cache, private',
  });
  response.end(text);
}

/** What a client is told. A failure of ours is logged here, once, and the client learns under which id. */
export function toFailure(error: unknown, log: Logger, fields: Readonly<Record<string, unknown>>): StatusError {
  if (isStatusError(error) && error.reason !== 'InternalError') return error;
  const id = randomBytes(6).toString('hex');
  log.error('request failed', { ...fields, id, error });
  return internalError(id);
}
