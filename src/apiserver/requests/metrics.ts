/** What nodes and pods use: `metrics.k8s.io` for `kubectl top`, and `/metrics` for Prometheus. */
import type { KubeObject } from '../../api/meta.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { Exchange } from '../http/exchange.ts';
import { sendList, sendObject } from '../http/object-answer.ts';
import type { ListReader } from '../registry/list.ts';
import { parseSelection } from '../registry/selection.ts';
import type { ResourceMetrics } from '../resource-metrics.ts';
import { readSelection } from './read.ts';
import type { Target } from './target.ts';

/** @param name of the one object asked for; undefined for a list */
export async function handleMetrics(
  metrics: ResourceMetrics,
  exchange: Exchange,
  target: Target,
  name: string | undefined,
): Promise<void> {
  const { kind, namespace } = target;
  const read = kind.resource === 'nodes' ? metrics.nodes : metrics.pods;
  if (name !== undefined) {
    const found = (await read(exchange.signal)).find(
      ({ metadata }) => metadata.name === name && (!kind.namespaced || metadata.namespace === namespace),
    );
    if (!found) throw notFound(kind.kind, kind.namespaced ? `${namespace}/${name}` : name);
    return sendObject(exchange, kind, found);
  }
  const selection = parseSelection(kind, readSelection(exchange.query, namespace));
  const reader = async function* (): ListReader {
    const objects = await read(exchange.signal);
    yield objects.filter((object) => isIn(object, selection.namespace) && selection.matches(object));
    // There is nothing that could be watched from here.
    return { revision: 0 };
  };
  await sendList(exchange, kind, reader());
}

function isIn({ metadata }: KubeObject, namespace: string | undefined): boolean {
  return namespace === undefined || metadata.namespace === namespace;
}

/** As metrics-server says it. */
function notFound(kind: string, name: string): StatusError {
  const resource = `${kind.toLowerCase()}.metrics.k8s.io`;
  return new StatusError('NotFound', `${resource} "${name}" not found`, {
    details: { name, group: 'metrics.k8s.io', kind: kind.toLowerCase() },
  });
}

/** GET /metrics and /metrics/resource. */
export async function sendPrometheus(
  metrics: ResourceMetrics,
  { request, response, signal }: Exchange,
  what: 'all' | 'resource',
): Promise<void> {
  const body = Buffer.from(await metrics.prometheus(what, signal));
  response.writeHead(200, {
    'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
    'Content-Length': body.length,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
