/** POST serviceaccounts/NAME/token: `kubectl create token`, and every client that wants a token bound to something. */
import type { Node } from '../../api/kinds/node/types.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { type BoundObjectReference, type TokenRequest, tokenRequestKind } from '../../api/kinds/token-reviews.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectKey } from '../../api/object-client.ts';
import { invalidValue } from '../../api/schema/field-error.ts';
import { findKind } from '../../api/scheme.ts';
import { formatTime } from '../../lib/clock.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { sendJson } from '../http/answer.ts';
import { requireObjectForm } from '../http/answer-form.ts';
import type { Exchange } from '../http/exchange.ts';
import { completeObject, validateObject } from '../registry/complete-object.ts';
import { decodeObject } from '../registry/decode-object.ts';
import { invalid } from '../registry/errors.ts';
import { checkMayActAs } from '../registry/role-grants.ts';
import type { Registry } from '../registry.ts';
import { issuer, type Reference, type ServiceAccountTokens, type TokenWish } from '../tokens/service-account-tokens.ts';
import { readWriteContext } from '../write-context.ts';
import { readObjectBody } from './request-body.ts';
import type { ObjectTarget } from './target.ts';

/** @throws StatusError NotFound (account, or what it is bound to), Invalid, BadRequest, Conflict, as Kubernetes' TokenREST */
export async function handleTokenRequest(
  deps: { readonly registry: Registry; readonly tokens: Pick<ServiceAccountTokens, 'issue'> },
  exchange: Exchange,
  target: ObjectTarget,
): Promise<void> {
  requireObjectForm(exchange.request.headers.accept);
  const { name, namespace = '' } = target.key;
  const body = await readObjectBody(exchange);
  const context = readWriteContext(exchange, 'CreateOptions', body.duplicateFields);
  const sent = decodeObject(tokenRequestKind, body.value, context);
  checkMatchesUrl(sent, target.key);
  const account = await deps.registry.get(target.kind, target.key);
  checkMayActAs(target.kind, account, exchange.user);
  const request = completeObject(tokenRequestKind, sent) as TokenRequest;
  validateObject(tokenRequestKind, { ...request, metadata: {} });

  const { audiences = [], expirationSeconds, boundObjectRef } = request.spec;
  const wish: TokenWish = {
    namespace,
    serviceAccount: referenceTo(account),
    audiences: audiences.length > 0 ? audiences : [issuer],
    expirationSeconds,
    ...(boundObjectRef ? await resolve(deps.registry, target.key, boundObjectRef) : {}),
  };
  const { token, expiresAt } = deps.tokens.issue(wish);
  const answer: TokenRequest = {
    ...request,
    metadata: { name, namespace, creationTimestamp: formatTime(exchange.clock.now()) },
    spec: { ...request.spec, audiences: wish.audiences },
    status: { token, expirationTimestamp: formatTime(expiresAt * 1000) },
  };
  await sendJson(exchange, 201, answer);
}

function checkMatchesUrl({ metadata }: KubeObject, { name, namespace = '' }: ObjectKey): void {
  const refuse = (field: 'name' | 'namespace'): never => {
    const why = `must match the service account ${field} if specified`;
    throw invalid(tokenRequestKind, name, [invalidValue(`metadata.${field}`, metadata[field], why)]);
  };
  if (metadata.name && metadata.name !== name) refuse('name');
  if (metadata.namespace && metadata.namespace !== namespace) refuse('namespace');
}

/** What the token is to be bound to, with the uid that it has now. */
async function resolve(
  registry: Registry,
  account: ObjectKey,
  reference: BoundObjectReference,
): Promise<Pick<TokenWish, 'pod' | 'secret' | 'node'>> {
  const { kind = '', apiVersion = '', name = '', uid } = reference;
  const find = async (resource: string, key: ObjectKey): Promise<KubeObject> => {
    const found = findKind('', 'v1', resource);
    if (!found) throw new StatusError('InternalError', `${resource} are not served`);
    const object = await registry.get(found, key);
    if (uid && uid !== object.metadata.uid) throw otherObject(kind, name, uid);
    return object;
  };
  const key = { name, ...(account.namespace ? { namespace: account.namespace } : {}) };
  switch (apiVersion.includes('/') ? '' : kind) {
    case 'Pod': {
      const pod = (await find('pods', key)) as Pod;
      if (pod.spec.serviceAccountName !== account.name) throw otherAccount(account.name);
      const { nodeName } = pod.spec;
      return { pod: referenceTo(pod), node: nodeName ? await nodeNamed(registry, nodeName) : undefined };
    }
    case 'Secret':
      return { secret: referenceTo(await find('secrets', key)) };
    case 'Node':
      return { node: referenceTo(await find('nodes', { name })) };
    default:
      throw new StatusError('BadRequest', `cannot bind token to object of type ${apiVersion}, Kind=${kind}`);
  }
}

/** A node that does not exist is named all the same: it says where the pod is to run. */
async function nodeNamed(registry: Registry, name: string): Promise<Reference> {
  const kind = findKind('', 'v1', 'nodes');
  try {
    return kind ? referenceTo((await registry.get(kind, { name })) as Node) : { name, uid: '' };
  } catch (error) {
    if (isStatusError(error, 'NotFound')) return { name, uid: '' };
    throw error;
  }
}

function referenceTo({ metadata: { name = '', uid = '' } }: KubeObject): Reference {
  return { name, uid };
}

function otherAccount(name: string): StatusError {
  return new StatusError(
    'BadRequest',
    `cannot bind token for serviceaccount ${JSON.stringify(name)} to pod running with different serviceaccount name.`,
  );
}

function otherObject(kind: string, name: string, uid: string): StatusError {
  return new StatusError(
    'Conflict',
    `Operation cannot be fulfilled on ${kind} ${JSON.stringify(name)}: the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    { details: { name, kind } },
  );
}
