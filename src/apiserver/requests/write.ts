/** POST, PUT, PATCH and DELETE on objects. */
import type { DeleteOptions, PatchType } from '../../api/object-client.ts';
import { type ParsedJson, parseJson } from '../../api/schema/json-text.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { requireResource } from '../authz.ts';
import { sendJson } from '../http/answer.ts';
import { decodeText, unsupportedMediaType } from '../http/decode-body.ts';
import type { Exchange } from '../http/exchange.ts';
import { parseMediaType } from '../http/media-type.ts';
import { presentationOf, sendObject } from '../http/object-answer.ts';
import { parseYamlBody } from '../http/parse-yaml-body.ts';
import { readBoolean, readInteger, readText } from '../http/query.ts';
import { readBody } from '../http/read-body.ts';
import { successStatus } from '../http/status-answer.ts';
import type { Deleted } from '../registry/delete.ts';
import { parseDeleteOptions } from '../registry/delete-options.ts';
import { isPod } from '../registry/removal.ts';
import type { Registry } from '../registry.ts';
import { readDryRun, readWriteContext } from '../write-context.ts';
import { readSelection } from './read.ts';
import { readObjectBody, readOptionalBody } from './request-body.ts';
import type { ObjectTarget, Target } from './target.ts';

const patchTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

export async function handleCreate(registry: Registry, exchange: Exchange, target: Target): Promise<void> {
  // What cannot be answered must not be done.
  presentationOf(exchange);
  const body = await readObjectBody(exchange);
  const context = readWriteContext(exchange, 'CreateOptions', body.duplicateFields);
  const object = await registry.create(target.kind, target.namespace, body.value, context);
  if (exchange.notes && object.metadata.name) exchange.notes.objectName = object.metadata.name;
  await sendObject(exchange, target.kind, object, 201);
}

/** @param subresource `status` or `finalize` */
export async function handleUpdate(
  registry: Registry,
  exchange: Exchange,
  target: ObjectTarget,
  subresource?: string,
): Promise<void> {
  presentationOf(exchange);
  const body = await readObjectBody(exchange);
  const context = readWriteContext(exchange, 'UpdateOptions', body.duplicateFields);
  const { object, created } = await registry.update(target.kind, target.key, body.value, context, subresource);
  await sendObject(exchange, target.kind, object, created ? 201 : 200);
}

/** @param subresource `status` */
export async function handlePatch(
  registry: Registry,
  exchange: Exchange,
  target: ObjectTarget,
  subresource?: string,
): Promise<void> {
  presentationOf(exchange);
  const { type, body } = await readPatchRequest(exchange);
  const { value, duplicateFields } = body;
  if (type === 'apply') return handleApply(registry, exchange, target, body, subresource);
  const context = readWriteContext(exchange, 'PatchOptions', duplicateFields, 'other');
  const patch = { type, body: value };
  await sendObject(exchange, target.kind, await registry.patch(target.kind, target.key, patch, context, subresource));
}

async function handleApply(
  registry: Registry,
  exchange: Exchange,
  { kind, key }: ObjectTarget,
  { value, duplicateFields }: ParsedJson,
  subresource: string | undefined,
): Promise<void> {
  const context = readWriteContext(exchange, 'PatchOptions', duplicateFields, 'apply');
  const { group, resource } = kind;
  const apply = {
    key,
    subresource,
    body: value,
    force: readForce(exchange),
    requireCreate: () => requireResource(exchange.user, { verb: 'create', group, resource, ...key }),
  };
  const { object, created } = await registry.apply(kind, apply, context);
  await sendObject(exchange, kind, object, created ? 201 : 200);
}

/** Whether an apply takes what others own. */
export function readForce({ query }: Exchange): boolean {
  return readBoolean(query, 'force') ?? false;
}

/** The body of a PATCH, and which of the patch types it is. @throws StatusError UnsupportedMediaType, BadRequest */
export async function readPatchRequest({
  request,
  clock,
}: Exchange): Promise<{ readonly type: PatchType; readonly body: ParsedJson }> {
  const { type: contentType } = parseMediaType(request.headers['content-type'] ?? '');
  const type = Object.hasOwn(patchTypes, contentType) ? patchTypes[contentType] : undefined;
  if (!type) throw unsupportedMediaType(Object.keys(patchTypes));
  const text = decodeText(await readBody(request, clock));
  return { type, body: type === 'apply' ? parseApplied(text) : parseJson(text) };
}

/** Clients send JSON under the name of YAML, of which it is nearly a part; its own reader is the faster and stricter one. */
function parseApplied(text: string): ParsedJson {
  if (!text.trimStart().startsWith('{')) return parseYamlBody(text);
  try {
    return parseJson(text);
  } catch (error) {
    if (!isStatusError(error, 'BadRequest')) throw error;
    return parseYamlBody(text);
  }
}

export async function handleDelete(registry: Registry, exchange: Exchange, target: ObjectTarget): Promise<void> {
  presentationOf(exchange);
  const options = await readDeleteOptions(exchange);
  const deleted = await registry.delete(target.kind, target.key, options, exchange.user);
  await sendDeleted(exchange, target, deleted);
}

export async function handleDeleteCollection(registry: Registry, exchange: Exchange, target: Target): Promise<void> {
  const options = await readDeleteOptions(exchange);
  const selection = readSelection(exchange.query, target.namespace);
  await sendJson(exchange, 200, await registry.deleteCollection(target.kind, selection, options, exchange.user));
}

/** Options from the body or, when there is none, from the query; `dryRun` may stand in either. */
async function readDeleteOptions(exchange: Exchange): Promise<DeleteOptions> {
  const { query } = exchange;
  const { value } = await readOptionalBody(exchange);
  const gracePeriodSeconds = readInteger(query, 'gracePeriodSeconds');
  const options = parseDeleteOptions(
    value ?? {
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      ...(query.has('propagationPolicy') ? { propagationPolicy: readText(query, 'propagationPolicy') } : {}),
    },
  );
  return readDryRun(exchange, 'DeleteOptions') ? { ...options, dryRun: true } : options;
}

/** Kubernetes answers with the object while it lives on, and for pods and service accounts always. */
async function sendDeleted(exchange: Exchange, { kind, key }: ObjectTarget, deleted: Deleted): Promise<void> {
  if (!deleted.removed || isPod(kind) || kind.resource === 'serviceaccounts') {
    return sendObject(exchange, kind, deleted.object);
  }
  const { uid } = deleted.object.metadata;
  const details = {
    name: key.name,
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.resource,
    ...(uid === undefined ? {} : { uid }),
  };
  await sendJson(exchange, 200, successStatus(details));
}
