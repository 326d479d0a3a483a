/** POST pods/NAME/eviction: `kubectl drain`. */
import { eviction } from '../../api/kinds/options.ts';
import { decodeJson } from '../../api/schema/decode-json.ts';
import { StatusError } from '../../lib/status-error.ts';
import { sendJson } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { parseDeleteOptions } from '../registry/delete-options.ts';
import { ambiguousBudgets } from '../registry/disruption-budget.ts';
import type { Registry } from '../registry.ts';
import { readWriteContext } from '../write-context.ts';
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
  const { dryRun: dryDelete = false, ...options } = parseDeleteOptions(sent.deleteOptions);
  const context = readWriteContext(exchange, 'CreateOptions');
  const dryRun = dryDelete || context.dryRun;
  const outcome = await registry.evictPod({ key: target.key, options }, { ...context, dryRun });
  const answer = { kind: 'Status', apiVersion: 'v1', metadata: {} };
  if (outcome === 'Evicted') return sendJson(exchange, 201, { ...answer, status: 'Success', code: 201 });
  await sendJson(exchange, 500, { ...answer, status: 'Failure', message: ambiguousBudgets, code: 500 });
}
