/** Requests about the API itself: discovery, OpenAPI, version. */
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { acceptsGzip, sendJson } from '../http/answer.ts';
import { notAcceptable } from '../http/answer-form.ts';
import type { Exchange } from '../http/exchange.ts';
import { parseAccept, takesJson } from '../http/media-type.ts';
import { unknownPath } from '../registry/errors.ts';
import { methodNotAllowed } from '../requests/handle-resource.ts';
import { sendPrometheus } from '../requests/metrics.ts';
import type { ResourceMetrics } from '../resource-metrics.ts';
import type { TokenKey } from '../tokens/token-key.ts';
import { discoveryContentType, discoveryList, negotiateDiscovery } from './aggregated.ts';
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from './legacy.ts';
import { findOpenApi, type OpenApiDocuments, openApiIndex, openApiV2, openApiV2ContentType } from './openapi.ts';
import { sendOpenId } from './openid.ts';

export interface DiscoveryDeps {
  readonly openApi: OpenApiDocuments;
  readonly metrics: ResourceMetrics;
  readonly version: unknown;
  readonly tokens?: { readonly key: TokenKey } | undefined;
}

/** A document named by its hash never changes. */
const immutableCache = 'public, immutable, max-age=31536000';

/** @param path without a slash at the end @throws StatusError NotFound for a path that leads nowhere */
export async function handleDiscovery(deps: DiscoveryDeps, exchange: Exchange, path: string): Promise<void> {
  const { method, headers } = exchange.request;
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed();
  const [, root, first, second, ...rest] = path.split('/');
  switch (root) {
    case '':
      return sendJson(exchange, 200, { paths });
    case 'version':
      if (first !== undefined) throw unknownPath();
      return sendJson(exchange, 200, deps.version);
    case 'metrics':
      if (second !== undefined || (first !== undefined && first !== 'resource')) throw unknownPath();
      return sendPrometheus(deps.metrics, exchange, first ?? 'all');
    case 'api':
    case 'apis':
      if (rest.length > 0) throw unknownPath();
      if (first === undefined) return sendRoot(exchange, `/${root}`);
      return sendKnown(exchange, root === 'api' ? apiResourceList('', first) : groupDocument(first, second));
    case 'openapi':
      if (first === 'v2' && second === undefined) return sendOpenApiV2(exchange);
      if (first === 'v3') return sendOpenApiV3(deps, exchange, path.slice('/openapi/v3/'.length));
      throw unknownPath();
    case '.well-known':
      if (!deps.tokens || path !== '/.well-known/openid-configuration') throw unknownPath();
      return sendOpenId(exchange, deps.tokens.key, 'configuration');
    case 'openid':
      if (!deps.tokens || path !== '/openid/v1/jwks') throw unknownPath();
      return sendOpenId(exchange, deps.tokens.key, 'keys');
    case 'swagger-2.0.0.pb-v1':
      return sendOpenApiV2(exchange, headers.accept);
    default:
      throw unknownPath();
  }
}

const paths = [
  '/.well-known/openid-configuration',
  '/api',
  '/api/v1',
  '/apis',
  '/healthz',
  '/livez',
  '/metrics',
  '/metrics/resource',
  '/openapi/v2',
  '/openapi/v3',
  '/openid/v1/jwks',
  '/readyz',
  '/version',
];

function groupDocument(group: string, version: string | undefined): unknown {
  return version === undefined ? apiGroup(group) : apiResourceList(group, version);
}

async function sendKnown(exchange: Exchange, document: unknown): Promise<void> {
  if (document === undefined) throw unknownPath();
  await sendJson(exchange, 200, document);
}

/** `/api` and `/apis`: everything in one, with an ETag, to those who ask for it; else the legacy documents. */
async function sendRoot(exchange: Exchange, root: '/api' | '/apis'): Promise<void> {
  const { request, response } = exchange;
  response.setHeader('Vary', 'Accept');
  const version = negotiateDiscovery(request.headers.accept);
  if (!version) {
    if (!parseAccept(request.headers.accept).some(takesJson)) throw notAcceptable();
    return sendJson(exchange, 200, root === '/api' ? apiVersions() : apiGroupList());
  }
  const document = discoveryList(root, version);
  const etag = `"${createHash('sha512').update(JSON.stringify(document)).digest('hex').toUpperCase()}"`;
  response.setHeader('ETag', etag);
  if (isKnown(request.headers['if-none-match'], etag)) {
    response.writeHead(304).end();
    return;
  }
  await sendJson(exchange, 200, document, discoveryContentType(version));
}

function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  return (ifNoneMatch ?? '').split(',').some((each) => each.trim().replace(/^W\//, '') === etag);
}

async function sendOpenApiV3({ openApi }: DiscoveryDeps, exchange: Exchange, path: string): Promise<void> {
  const { request, response, query } = exchange;
  if (path === '') return sendJson(exchange, 200, await openApiIndex(openApi));
  const document = await findOpenApi(openApi, path);
  if (!document) throw unknownPath();
  const etag = `"${document.hash}"`;
  const asked = query.get('hash');
  if (asked !== null && asked !== document.hash) {
    // A link from before an update: the client is led to the present document.
    response.writeHead(301, { Location: `/openapi/v3/${path}?hash=${document.hash}`, 'Content-Length': 0 }).end();
    return;
  }
  const caching = {
    ETag: etag,
    Vary: 'Accept, Accept-Encoding',
    'Cache-Control': asked === null ? 'no-cache, private' : immutableCache,
  };
  if (isKnown(request.headers['if-none-match'], etag)) {
    response.writeHead(304, caching).end();
    return;
  }
  const zipped = acceptsGzip(request.headers['accept-encoding']);
  const packed = await openApi.open(path);
  response.writeHead(200, {
    ...caching,
    'Content-Type': 'application/json',
    ...(zipped ? { 'Content-Encoding': 'gzip', 'Content-Length': document.bytes } : {}),
  });
  try {
    // A response that was closed before says so to nobody any more: the signal does.
    const { signal } = exchange;
    await (zipped ? pipeline(packed, response, { signal }) : pipeline(packed, createGunzip(), response, { signal }));
  } catch {
    // The client is gone, or the file is damaged, which shows by an answer that breaks off.
    response.destroy();
  }
}

/** Old clients take the protobuf form only; whoever wants JSON gets the same nothing as JSON. */
async function sendOpenApiV2(exchange: Exchange, accept = exchange.request.headers.accept): Promise<void> {
  const [best] = parseAccept(accept);
  if (best && best.type !== '*/*' && takesJson(best)) {
    return sendJson(exchange, 200, {
      swagger: '2.0',
      info: { title: 'eliot', version: 'v1' },
      paths: {},
      definitions: {},
    });
  }
  exchange.response.writeHead(200, { 'Content-Type': openApiV2ContentType, 'Content-Length': openApiV2.length });
  exchange.response.end(openApiV2);
}
