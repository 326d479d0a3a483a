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
  object,
  required,
  scalars,
  string,
} from '../schema/field.ts';
import type { FieldError, KindDescription, ObjectOfKind } from '../schema/kind.ts';
import { column, nameColumn } from './common/columns.ts';
import { always, metadata } from './common/object-fields.ts';
import { labelSelectorRequirement } from './common/references.ts';

const userInfo = message('io.k8s.api.authentication.v1.UserInfo', {
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

const fieldSelectorRequirement = message('io.k8s.apimachinery.pkg.apis.meta.v1.FieldSelectorRequirement', {
  key: required(string(1)),
  operator: required(string(2)),
  values: list(3, scalars.string),
});

const fieldSelectorAttributes = message('io.k8s.api.authorization.v1.FieldSelectorAttributes', {
  rawSelector: string(1),
  requirements: list(2, fieldSelectorRequirement),
});

const labelSelectorAttributes = message('io.k8s.api.authorization.v1.LabelSelectorAttributes', {
  rawSelector: string(1),
  requirements: list(2, labelSelectorRequirement),
});

const resourceAttributes = message('io.k8s.api.authorization.v1.ResourceAttributes', {
  namespace: string(1, { doc: 'Empty means all namespaces.' }),
  verb: string(2),
  group: string(3),
  version: string(4),
  resource: string(5),
  subresource: string(6),
  name: string(7, { doc: 'Empty means all objects.' }),
  fieldSelector: object(8, fieldSelectorAttributes),
  labelSelector: object(9, labelSelectorAttributes),
});

const nonResourceAttributes = message('io.k8s.api.authorization.v1.NonResourceAttributes', {
  path: string(1),
  verb: string(2),
});

const selfSubjectAccessReviewSpec = message('io.k8s.api.authorization.v1.SelfSubjectAccessReviewSpec', {
  resourceAttributes: object(1, resourceAttributes),
  nonResourceAttributes: object(2, nonResourceAttributes),
});

const subjectAccessReviewStatus = message('io.k8s.api.authorization.v1.SubjectAccessReviewStatus', {
  allowed: defaulted(bool(1), false),
  denied: bool(4),
  reason: string(2),
  evaluationError: string(3),
});

/** `authorization.k8s.io/v1` SelfSubjectAccessReview: `kubectl auth can-i VERB RESOURCE`. */
export const selfSubjectAccessReviewFields = message('io.k8s.api.authorization.v1.SelfSubjectAccessReview', {
  metadata,
  spec: always(2, selfSubjectAccessReviewSpec, 'What is asked; exactly one of the two.'),
  status: always(3, subjectAccessReviewStatus, 'The answer.'),
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
export type SelfSubjectAccessReview = ObjectOfKind<typeof selfSubjectAccessReviewFields>;
export type SelfSubjectRulesReview = ObjectOfKind<typeof selfSubjectRulesReviewFields>;
export type ResourceAttributes = ObjectOf<typeof resourceAttributes>;
export type ResourceRule = ObjectOf<typeof resourceRule>;
export type NonResourceRule = ObjectOf<typeof nonResourceRule>;

/** What the three reviews have in common: they can only be created, and nothing remains of them. */
function review<M extends MessageType, T extends KubeObject>(
  own: Pick<KindDescription<M, T>, 'group' | 'kind' | 'resource' | 'singular' | 'fields' | 'validate'>,
): KindDescription<M, T> {
  return {
    ...own,
    version: 'v1',
    shortNames: [],
    categories: [],
    namespaced: false,
    verbs: ['create'],
    subresources: [],
    storage: 'none',
    hasGeneration: false,
    validateUpdate: () => [],
    columns: [nameColumn, column('Created At', 'string', 'When the object was created.')],
    row: (object) => [object.metadata.name ?? '', object.metadata.creationTimestamp ?? '<unknown>'],
    selectableFields: {},
  };
}

export const selfSubjectReviewKind: KindDescription<typeof selfSubjectReviewFields, SelfSubjectReview> = review({
  group: 'authentication.k8s.io',
  kind: 'SelfSubjectReview',
  resource: 'selfsubjectreviews',
  singular: 'selfsubjectreview',
  fields: selfSubjectReviewFields,
  validate: () => [],
});

export const selfSubjectAccessReviewKind: KindDescription<
  typeof selfSubjectAccessReviewFields,
  SelfSubjectAccessReview
> = review({
  group: 'authorization.k8s.io',
  kind: 'SelfSubjectAccessReview',
  resource: 'selfsubjectaccessreviews',
  singular: 'selfsubjectaccessreview',
  fields: selfSubjectAccessReviewFields,
  validate: validateAccessReview,
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

function validateAccessReview({ spec }: SelfSubjectAccessReview): readonly FieldError[] {
  const { resourceAttributes: resource, nonResourceAttributes: nonResource } = spec;
  if (resource !== undefined && nonResource !== undefined) {
    return [
      {
        field: 'spec.nonResourceAttributes',
        reason: 'FieldValueInvalid',
        message: 'Invalid value: "nonResourceAttributes": cannot be specified in combination with resourceAttributes',
      },
    ];
  }
  if (resource === undefined && nonResource === undefined) {
    return [
      {
        field: 'spec.resourceAttributes',
        reason: 'FieldValueInvalid',
        message: 'Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
      },
    ];
  }
  return [];
}
