/** Questions about oneself: `kubectl auth whoami`, `auth can-i`, `auth can-i --list`. Nothing is stored. */

import type { NonResourceRule, ResourceRule, SelfSubjectAccessReview } from '../../api/kinds/reviews.ts';
import type { KubeObject } from '../../api/meta.ts';
import { formatTime } from '../../lib/clock.ts';
import { authorize, authorizePath, type Decision } from '../authz.ts';
import type { Exchange } from '../http/exchange.ts';
import { sendObject } from '../http/object-answer.ts';
import { mastersGroup, type UserInfo, viewersGroup } from '../identity.ts';
import { completeObject, validateObject } from '../registry/complete-object.ts';
import type { AnyKind } from '../registry/context.ts';
import { decodeObject } from '../registry/decode-object.ts';
import { methodNotSupported } from '../registry/errors.ts';
import { readWriteContext } from '../write-context.ts';
import { readObjectBody } from './request-body.ts';

/** Answers a review: the object that was sent, with its status filled in. */
export async function handleReview(exchange: Exchange, kind: AnyKind): Promise<void> {
  const body = await readObjectBody(exchange);
  const context = readWriteContext(exchange, 'CreateOptions', body.duplicateFields);
  const review = completeObject(kind, decodeObject(kind, body.value, context));
  validateObject(kind, review);
  const creationTimestamp = formatTime(exchange.clock.now());
  const answer = {
    ...review,
    metadata: { ...review.metadata, creationTimestamp },
    status: answerOf(kind, review, exchange.user),
  };
  await sendObject(exchange, kind, answer, 201);
}

function answerOf(kind: AnyKind, review: KubeObject, user: UserInfo): unknown {
  switch (kind.kind) {
    case 'SelfSubjectReview':
      return { userInfo: user };
    case 'SelfSubjectAccessReview': {
      const { allowed, reason } = decide(review as SelfSubjectAccessReview, user);
      return { allowed, ...(reason === '' ? {} : { reason }) };
    }
    case 'SelfSubjectRulesReview':
      return { ...rulesOf(user), incomplete: false };
    default:
      throw methodNotSupported(kind.resource, 'create');
  }
}

function decide({ spec }: SelfSubjectAccessReview, user: UserInfo): Decision {
  const { resourceAttributes: resource, nonResourceAttributes: nonResource } = spec;
  if (nonResource) return authorizePath(user, { verb: nonResource.verb ?? '', path: nonResource.path ?? '' });
  return authorize(user, {
    verb: resource?.verb ?? '',
    group: resource?.group ?? '',
    resource: resource?.resource ?? '',
    subresource: resource?.subresource,
    namespace: resource?.namespace,
    name: resource?.name,
  });
}

interface Rules {
  readonly resourceRules: readonly ResourceRule[];
  readonly nonResourceRules: readonly NonResourceRule[];
}

/** The rules of `authz.ts` as a list, for people to read. */
function rulesOf(user: UserInfo): Rules {
  if (user.groups.includes(mastersGroup)) {
    return {
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    };
  }
  const own: ResourceRule[] = [
    { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
    {
      verbs: ['create'],
      apiGroups: ['authorization.k8s.io'],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
    },
  ];
  const viewed: ResourceRule[] = user.groups.includes(viewersGroup)
    ? [
        {
          verbs: ['get', 'list', 'watch'],
          apiGroups: [''],
          resources: [
            'configmaps',
            'events',
            'namespaces',
            'nodes',
            'pods',
            'pods/log',
            'pods/status',
            'replicationcontrollers',
            'serviceaccounts',
          ],
        },
        { verbs: ['get', 'list', 'watch'], apiGroups: ['coordination.k8s.io'], resources: ['leases'] },
      ]
    : [];
  return {
    resourceRules: [...own, ...viewed],
    nonResourceRules: [
      { verbs: ['get'], nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/openapi/*', '/version'] },
    ],
  };
}
