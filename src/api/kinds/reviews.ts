/** Questions about the one who asks: who am I, may I, what may I. Answered at once and never stored. */

import type { KubeObject } from '../meta.ts';
import {
  bool,
  defaulted,
  list,
  type MessageType,
  map,
  message,
  type ObjectOf,
  required,
  scalars,
  string,
} from '../schema/field.ts';
import type { KindDescription, ObjectOfKind } from '../schema/kind.ts';
import { column, nameColumn } from './common/columns.ts';
import { createOnlyKind } from './common/create-only-kind.ts';
import { always, metadata } from './common/object-fields.ts';

/** `authentication.k8s.io/v1` UserInfo. */
export const userInfo = message('io.k8s.api.authentication.v1.UserInfo', {
  username: string(1),
  uid: string(2),
  groups: list(3, scalars.string),
  // `ExtraValue` is a list in JSON and a message with one list on the wire; it is only ever answered, in JSON.
  extra: map(4, { kind: 'list', item: scalars.string, semantics: { type: 'atomic' } }),
});

/** `authentication.k8s.io/v1` SelfSubjectReview: `kubectl auth whoami`. */
export const selfSubjectReviewFields = message('io.k8s.api.authentication.v1.SelfSubjectReview', {
  metadata,
  status: always(
    2,
    message('io.k8s.api.authentication.v1.SelfSubjectReviewStatus', { userInfo: always(1, userInfo) }),
    'Who asked, as the server knows them.',
  ),
});

const resourceRule = message('io.k8s.api.authorization.v1.ResourceRule', {
  verbs: required(list(1, scalars.string)),
  apiGroups: list(2, scalars.string),
  resources: list(3, scalars.string),
  resourceNames: list(4, scalars.string),
});

const nonResourceRule = message('io.k8s.api.authorization.v1.NonResourceRule', {
  verbs: required(list(1, scalars.string)),
  nonResourceURLs: list(2, scalars.string),
});

const subjectRulesReviewStatus = message('io.k8s.api.authorization.v1.SubjectRulesReviewStatus', {
  resourceRules: defaulted(list(1, resourceRule), []),
  nonResourceRules: defaulted(list(2, nonResourceRule), []),
  incomplete: defaulted(bool(3), false),
  evaluationError: string(4),
});

/** `authorization.k8s.io/v1` SelfSubjectRulesReview: `kubectl auth can-i --list`. */
export const selfSubjectRulesReviewFields = message('io.k8s.api.authorization.v1.SelfSubjectRulesReview', {
  metadata,
  spec: always(
    2,
    message('io.k8s.api.authorization.v1.SelfSubjectRulesReviewSpec', { namespace: string(1) }),
    'The namespace that is asked about.',
  ),
  status: always(3, subjectRulesReviewStatus, 'What may be done there.'),
});

export type UserInfo = ObjectOf<typeof userInfo>;
export type SelfSubjectReview = ObjectOfKind<typeof selfSubjectReviewFields>;
export type SelfSubjectRulesReview = ObjectOfKind<typeof selfSubjectRulesReviewFields>;
export type ResourceRule = ObjectOf<typeof resourceRule>;
export type NonResourceRule = ObjectOf<typeof nonResourceRule>;

/** What all reviews have in common: the first version, and when they were made. */
export function review<M extends MessageType, T extends KubeObject>(
  own: Pick<KindDescription<M, T>, 'group' | 'kind' | 'resource' | 'singular' | 'fields' | 'validate'> &
    Partial<Pick<KindDescription<M, T>, 'namespaced'>>,
): KindDescription<M, T> {
  return createOnlyKind({
    namespaced: false,
    ...own,
    version: 'v1',
    columns: [nameColumn, column('Created At', 'string', 'When the object was created.')],
    row: (object) => [object.metadata.name ?? '', object.metadata.creationTimestamp ?? '<unknown>'],
  });
}

export const selfSubjectReviewKind: KindDescription<typeof selfSubjectReviewFields, SelfSubjectReview> = review({
  group: 'authentication.k8s.io',
  kind: 'SelfSubjectReview',
  resource: 'selfsubjectreviews',
  singular: 'selfsubjectreview',
  fields: selfSubjectReviewFields,
  validate: () => [],
});

export const selfSubjectRulesReviewKind: KindDescription<typeof selfSubjectRulesReviewFields, SelfSubjectRulesReview> =
  review({
    group: 'authorization.k8s.io',
    kind: 'SelfSubjectRulesReview',
    resource: 'selfsubjectrulesreviews',
    singular: 'selfsubjectrulesreview',
    fields: selfSubjectRulesReviewFields,
    validate: () => [],
  });
