/** Who is it, and may he: `kubectl auth whoami`, `auth can-i`, and what other programs ask about tokens and users. */
import type { AccessReviewSpec, SelfSubjectAccessReview, SubjectAccessReview } from '../../api/kinds/access-reviews.ts';
import type { NonResourceRule, ResourceRule, SelfSubjectRulesReview } from '../../api/kinds/reviews.ts';
import type { TokenReview } from '../../api/kinds/token-reviews.ts';
import type { KubeObject } from '../../api/meta.ts';
import { formatTime } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';
import { authorize, authorizePath, type Decision, publicPaths } from '../authz.ts';
import { isOwnNamespace, rulesOfGroups } from '../group-rules.ts';
import { sendJson } from '../http/answer.ts';
import { requireObjectForm } from '../http/answer-form.ts';
import type { Exchange } from '../http/exchange.ts';
import { mastersGroup, type UserInfo } from '../identity.ts';
import { completeObject, validateObject } from '../registry/complete-object.ts';
import type { AnyKind } from '../registry/context.ts';
import { decodeObject } from '../registry/decode-object.ts';
import { methodNotSupported } from '../registry/errors.ts';
import type { ServiceAccountTokens } from '../tokens/service-account-tokens.ts';
import { readWriteContext } from '../write-context.ts';
import { readObjectBody } from './request-body.ts';
import type { Target } from './target.ts';

export interface ReviewDeps {
  /** Undefined: no token is good. */
  readonly tokens?: Pick<ServiceAccountTokens, 'authenticate'> | undefined;
  readonly roleGroupsOf: (username: string) => Promise<readonly string[]>;
}

/** Answers a review: the object that was sent, with its status filled in. */
export async function handleReview(
  deps: ReviewDeps,
  exchange: Exchange,
  { kind, namespace }: Pick<Target, 'kind' | 'namespace'>,
): Promise<void> {
  requireObjectForm(exchange.request.headers.accept);
  const body = await readObjectBody(exchange);
  const context = readWriteContext(exchange, 'CreateOptions', body.duplicateFields);
  const review = completeObject(kind, placeIn(namespace, decodeObject(kind, body.value, context)));
  validateObject(kind, review);
  const creationTimestamp = formatTime(exchange.clock.now());
  const answer = {
    ...review,
    metadata: { ...review.metadata, creationTimestamp },
    status: await answerOf(deps, kind, review, exchange.user),
  };
  await sendJson(exchange, 201, answer);
}

/** @param namespace of the URL; undefined for reviews without one */
function placeIn(namespace: string | undefined, review: KubeObject): KubeObject {
  if (namespace === undefined) return review;
  const { namespace: sent } = review.metadata;
  if (sent && sent !== namespace) {
    throw new StatusError('BadRequest', `namespace does not match URL: ${namespace}`);
  }
  return { ...review, metadata: { ...review.metadata, namespace } };
}

async function answerOf(deps: ReviewDeps, kind: AnyKind, review: KubeObject, user: UserInfo): Promise<unknown> {
  switch (kind.kind) {
    case 'SelfSubjectReview': {
      const { isLocalRoot: _, ...userInfo } = user;
      return { userInfo };
    }
    case 'TokenReview':
      return reviewToken(deps, review as TokenReview);
    case 'SelfSubjectAccessReview':
      return toStatus(decide((review as SelfSubjectAccessReview).spec, user));
    case 'SubjectAccessReview':
    case 'LocalSubjectAccessReview': {
      const { spec } = review as SubjectAccessReview;
      return toStatus(decide(spec, await subjectOf(deps, spec)));
    }
    case 'SelfSubjectRulesReview':
      return { ...rulesOf(user, (review as SelfSubjectRulesReview).spec.namespace), incomplete: false };
    default:
      throw methodNotSupported(kind.resource, 'create');
  }
}

async function reviewToken({ tokens }: ReviewDeps, { spec }: TokenReview): Promise<TokenReview['status']> {
  const { token = '', audiences = [] } = spec;
  if (token === '') {
    throw new StatusError('BadRequest', 'token is required for TokenReview in authentication');
  }
  const verdict = await tokens?.authenticate(token, audiences.length > 0 ? audiences : undefined);
  if (verdict?.kind === 'Good') return { authenticated: true, user: verdict.user, audiences: verdict.audiences };
  // What is no token of ours gets no reason, as in Kubernetes.
  return verdict?.why === undefined ? {} : { error: verdict.why };
}

/** The one who is asked about, as `authn` would know him: a service account has its role whatever groups were sent. */
async function subjectOf({ roleGroupsOf }: ReviewDeps, spec: SubjectAccessReview['spec']): Promise<UserInfo> {
  const { user: username = '', groups = [], uid } = spec;
  return {
    username,
    groups: [...new Set([...groups, ...(await roleGroupsOf(username))])],
    ...(uid ? { uid } : {}),
  };
}

function toStatus({ allowed, reason }: Decision): SelfSubjectAccessReview['status'] {
  return { allowed, ...(reason === '' ? {} : { reason }) };
}

function decide({ resourceAttributes, nonResourceAttributes }: AccessReviewSpec, user: UserInfo): Decision {
  if (nonResourceAttributes) {
    const { verb = '', path = '' } = nonResourceAttributes;
    return authorizePath(user, { verb, path });
  }
  const { verb = '', group = '', resource = '', subresource, namespace, name } = resourceAttributes ?? {};
  return authorize(user, { verb, group, resource, subresource, namespace, name });
}

interface Rules {
  readonly resourceRules: readonly ResourceRule[];
  readonly nonResourceRules: readonly NonResourceRule[];
}

/** What the one who asks may do in a namespace, as a list for people to read. */
function rulesOf(user: UserInfo, namespace: string | undefined): Rules {
  if (user.groups.includes(mastersGroup)) {
    return {
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    };
  }
  const rules = [...new Set(user.groups.flatMap((group) => rulesOfGroups.get(group) ?? []))];
  const paths = ['*', ...publicPaths].filter((path) => authorizePath(user, { verb: 'get', path }).allowed);
  return {
    resourceRules: rules
      .filter(({ where }) => where === undefined || isOwnNamespace(namespace))
      .map(({ verbs, apiGroups, resources }) => ({ verbs, apiGroups, resources })),
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: paths.includes('*') ? ['*'] : paths }],
  };
}
