/** GET, PUT and PATCH of the subresource `scale`: `kubectl scale`. */
import { scaleKind } from '../../api/kinds/scale.ts';
import type { Verb } from '../../api/schema/kind.ts';
import type { Exchange } from '../http/exchange.ts';
import { presentationOf, sendObject } from '../http/object-answer.ts';
import { applyNotServed } from '../registry/patch.ts';
import type { Registry } from '../registry.ts';
import { readWriteContext } from '../write-context.ts';
import { readObjectBody } from './request-body.ts';
import type { ObjectTarget } from './target.ts';
import { readPatchRequest } from './write.ts';

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
  if (type === 'apply') throw applyNotServed();
  const context = readWriteContext(exchange, 'PatchOptions', body.duplicateFields);
  await sendObject(exchange, scaleKind, await registry.changeScale(kind, key, { type, body: body.value }, context));
}
