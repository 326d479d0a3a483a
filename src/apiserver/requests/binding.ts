/** POST pods/NAME/binding: a scheduler says where a pod runs. */
import { binding } from '../../api/kinds/options.ts';
import { decodeJson } from '../../api/schema/decode-json.ts';
import { StatusError } from '../../lib/status-error.ts';
import { sendJson } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Registry } from '../registry.ts';
import { readDryRun } from '../write-context.ts';
import { readObjectBody } from './request-body.ts';
import type { ObjectTarget } from './target.ts';

export async function handleBinding(registry: Registry, exchange: Exchange, target: ObjectTarget): Promise<void> {
  const { value } = await readObjectBody(exchange);
  const sent = decodeJson(binding, value, 'Binding').value as {
    readonly metadata?: { readonly name?: string; readonly uid?: string };
    readonly target?: { readonly kind?: string; readonly name?: string };
  };
  if (sent.metadata?.name && sent.metadata.name !== target.key.name) {
    throw new StatusError('BadRequest', 'name in URL does not match name in Binding object');
  }
  const { kind = '', name = '' } = sent.target ?? {};
  if (kind !== '' && kind !== 'Node') {
    throw new StatusError(
      'Invalid',
      `target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", ""`,
    );
  }
  if (name === '') throw new StatusError('Invalid', 'target.name: Required value');
  if (readDryRun(exchange, 'CreateOptions')) await registry.get(target.kind, target.key);
  else {
    const uid = sent.metadata?.uid;
    await registry.bindPod(target.key, { nodeName: name, ...(uid ? { uid } : {}) });
  }
  await sendJson(exchange, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
}
