/** The body of a request as a JSON value, whatever it was sent as. */
import { binding, deleteOptions, eviction } from '../../api/kinds/options.ts';
import { scaleKind } from '../../api/kinds/scale.ts';
import { tokenRequestFields } from '../../api/kinds/token-reviews.ts';
import type { MessageType } from '../../api/schema/field.ts';
import type { ParsedJson } from '../../api/schema/json-text.ts';
import { apiVersionOf, findKindByName } from '../../api/scheme.ts';
import { StatusError } from '../../lib/status-error.ts';
import { decodeBody } from '../http/decode-body.ts';
import type { Exchange } from '../http/exchange.ts';
import { readBody } from '../http/read-body.ts';

/** What may come as protobuf: every kind, and the options that are no kind of their own. */
function findMessage(apiVersion: string, kind: string): MessageType | undefined {
  // Clients send DeleteOptions in the group and version of what they delete.
  if (kind === 'DeleteOptions') return deleteOptions;
  if (kind === 'Eviction' && apiVersion.startsWith('policy/')) return eviction;
  // These have no resource of their own.
  if (kind === 'Binding' && apiVersion === 'v1') return binding;
  if (kind === scaleKind.kind && apiVersion === apiVersionOf(scaleKind)) return scaleKind.fields;
  if (kind === 'TokenRequest' && apiVersion.startsWith('authentication.k8s.io/')) return tokenRequestFields;
  return findKindByName(apiVersion, kind)?.fields;
}

/** @returns undefined as `value` when there is no body */
export async function readOptionalBody({ request, clock }: Exchange): Promise<ParsedJson> {
  return decodeBody(await readBody(request, clock), request.headers['content-type'], findMessage);
}

/** @throws StatusError BadRequest when there is no body */
export async function readObjectBody(exchange: Exchange): Promise<ParsedJson> {
  const body = await readOptionalBody(exchange);
  if (body.value === undefined) throw new StatusError('BadRequest', 'the object provided is unrecognized: EOF');
  return body;
}
