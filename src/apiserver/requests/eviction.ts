/** POST pods/NAME/eviction: `kubectl drain`. With no disruption budgets here it is a graceful deletion. */
import { eviction } from '../../api/kinds/options.ts';
import { decodeJson } from '../../api/schema/decode-json.ts';
import { StatusError } from '../../lib/status-error.ts';
import { sendJson } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { parseDeleteOptions } from '../registry/delete-options.ts';
import type { Registry } from '../registry.ts';
import { readDryRun } from '../write-context.ts';
import { readObjectBody } from './request-body.ts';
import type { ObjectTarget } from './target.ts';

export async function handleEviction(registry: Registry, exchange: Exchange, target: ObjectTarget): Promise<void> {
  const { value } = await readObjectBody(exchange);
  const sent = decodeJson(eviction, value, 'Eviction').value as {
    readonly metadata?: { readonly name?: string };
    readonly deleteOptions?: unknown;
  };
  if (sent.metadata?.name && sent.metadata.name !== target.key.name) {
    throw new StatusError('BadRequest', 'name in URL does not match name in Eviction object');
  }
  const options = parseDeleteOptions(sent.deleteOptions);
  const dryRun = options.dryRun === true || readDryRun(exchange.query, 'CreateOptions');
  await registry.delete(target.kind, target.key, { ...options, dryRun });
  await sendJson(exchange, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
}
