/** GET: one object, a list, or a watch. */
import type { Exchange } from '../http/exchange.ts';
import { sendList, sendObject } from '../http/object-answer.ts';
import { readBoolean, readInteger, readText } from '../http/query.ts';
import { sendWatch } from '../http/watch-answer.ts';
import type { ListRequest } from '../registry/list.ts';
import type { SelectionOptions } from '../registry/selection.ts';
import type { WatchRequest } from '../registry/watch.ts';
import type { Registry } from '../registry.ts';
import type { ObjectTarget, Target } from './target.ts';

export async function handleGet(registry: Registry, exchange: Exchange, target: ObjectTarget): Promise<void> {
  await sendObject(exchange, target.kind, await registry.get(target.kind, target.key));
}

export async function handleList(registry: Registry, exchange: Exchange, target: Target): Promise<void> {
  const { query } = exchange;
  const limit = readInteger(query, 'limit');
  const request: ListRequest = {
    ...readSelection(query, target.namespace),
    ...readRevision(query),
    ...(limit === undefined ? {} : { limit }),
    ...optional('continue', readText(query, 'continue')),
  };
  await sendList(exchange, target.kind, registry.readList(target.kind, request));
}

export async function handleWatch(registry: Registry, exchange: Exchange, target: Target): Promise<void> {
  const request = readWatchRequest(exchange.query, target.namespace);
  await sendWatch(exchange, target.kind, (signal) => registry.watch(target.kind, request, signal));
}

/** @throws StatusError BadRequest */
function readWatchRequest(query: URLSearchParams, namespace: string | undefined): WatchRequest {
  const sendInitialEvents = readBoolean(query, 'sendInitialEvents');
  return {
    ...readSelection(query, namespace),
    ...readRevision(query),
    allowWatchBookmarks: readBoolean(query, 'allowWatchBookmarks') ?? false,
    ...(sendInitialEvents === undefined ? {} : { sendInitialEvents }),
  };
}

/** The selectors of a list, a watch or a deletion of many. */
export function readSelection(query: URLSearchParams, namespace: string | undefined): SelectionOptions {
  return {
    ...optional('namespace', namespace),
    ...optional('labelSelector', readText(query, 'labelSelector')),
    ...optional('fieldSelector', readText(query, 'fieldSelector')),
  };
}

function readRevision(query: URLSearchParams): { resourceVersion?: string; resourceVersionMatch?: string } {
  return {
    ...optional('resourceVersion', readText(query, 'resourceVersion')),
    ...optional('resourceVersionMatch', readText(query, 'resourceVersionMatch')),
  };
}

function optional<K extends string>(name: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { [P in K]?: string };
}
