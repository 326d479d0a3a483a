/** GET, PUT and PATCH of the subresource `scale`: `kubectl scale`. */
import { scaleKind } from '../../api/kinds/scale.ts';
import type { Verb } from '../../api/schema/kind.ts';
import type { Exchange } from '../http/exchange.ts';
import { presentationOf, sendObject } from '../http/object-answer.ts';
import type { Registry } from '../registry.ts';
import { readWriteContext } from '../write-context.ts';
import { readObjectBody } from './request-body.ts';
import type { ObjectTarget } from './target.ts';
import { readForce, readPatchRequest } from './write.ts';

/** @param verb `get`, `update` or `patch` */
export async function handleScale(
  registry: Registry,
  exchange: Exchange,
  { kind, key }: ObjectTarget,
  verb: Verb,
): Promise<void> {
  presentationOf(exchange);
  if (verb === 'get') return sendObject(exchange, scaleKind, await registry.readScale(kind, key));
  if (verb === 'update') {
    const body = await readObjectBody(exchange);
    const context = readWriteContext(exchange, 'UpdateOptions', body.duplicateFields);
    const scale = await registry.changeScale(kind, key, { type: 'replace', body: body.value }, context);
    return sendObject(exchange, scaleKind, scale);
  }
  const { type, body } = await readPatchRequest(exchange);
  const isApply = type === 'apply';
  const context = readWriteContext(exchange, 'PatchOptions', body.duplicateFields, isApply ? 'apply' : 'other');
  if (isApply) {
    const apply = { key, body: body.value, force: readForce(exchange) };
    return sendObject(exchange, scaleKind, await registry.applyScale(kind, apply, context));
  }
  await sendObject(exchange, scaleKind, await registry.changeScale(kind, key, { type, body: body.value }, context));
}
