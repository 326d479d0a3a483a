/** Questions about who may do what: about the one who asks, and about others. Answered at once and never stored. */
import {
  bool,
  defaulted,
  list,
  map,
  message,
  type ObjectOf,
  object,
  required,
  scalars,
  string,
} from '../schema/field.ts';
import { invalidValue } from '../schema/field-error.ts';
import type { FieldError, KindDescription, ObjectOfKind } from '../schema/kind.ts';
import { always, metadata } from './common/object-fields.ts';
import { labelSelectorRequirement } from './common/references.ts';
import { review } from './reviews.ts';

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

/** Who is asked about; groups that the user name implies are not added. */
const subjectAccessReviewSpec = message('io.k8s.api.authorization.v1.SubjectAccessReviewSpec', {
  resourceAttributes: object(1, resourceAttributes),
  nonResourceAttributes: object(2, nonResourceAttributes),
  user: string(3),
  groups: list(4, scalars.string),
  extra: map(5, { kind: 'list', item: scalars.string, semantics: { type: 'atomic' } }),
  uid: string(6),
});

/** `authorization.k8s.io/v1` SubjectAccessReview: whether somebody else may. */
export const subjectAccessReviewFields = message('io.k8s.api.authorization.v1.SubjectAccessReview', {
  metadata,
  spec: always(2, subjectAccessReviewSpec, 'Who and what is asked about.'),
  status: always(3, subjectAccessReviewStatus, 'The answer.'),
});

/** `authorization.k8s.io/v1` LocalSubjectAccessReview: the same within one namespace. */
export const localSubjectAccessReviewFields = message('io.k8s.api.authorization.v1.LocalSubjectAccessReview', {
  metadata,
  spec: always(2, subjectAccessReviewSpec, 'Who and what is asked about; the namespace is that of the review.'),
  status: always(3, subjectAccessReviewStatus, 'The answer.'),
});

export type SelfSubjectAccessReview = ObjectOfKind<typeof selfSubjectAccessReviewFields>;
export type SubjectAccessReview = ObjectOfKind<typeof subjectAccessReviewFields>;
export type LocalSubjectAccessReview = ObjectOfKind<typeof localSubjectAccessReviewFields>;
export type AccessReviewSpec = ObjectOf<typeof selfSubjectAccessReviewSpec>;

export const selfSubjectAccessReviewKind: KindDescription<
  typeof selfSubjectAccessReviewFields,
  SelfSubjectAccessReview
> = review({
  group: 'authorization.k8s.io',
  kind: 'SelfSubjectAccessReview',
  resource: 'selfsubjectaccessreviews',
  singular: 'selfsubjectaccessreview',
  fields: selfSubjectAccessReviewFields,
  validate: ({ spec }) => validateAttributes(spec),
});

export const subjectAccessReviewKind: KindDescription<typeof subjectAccessReviewFields, SubjectAccessReview> = review({
  group: 'authorization.k8s.io',
  kind: 'SubjectAccessReview',
  resource: 'subjectaccessreviews',
  singular: 'subjectaccessreview',
  fields: subjectAccessReviewFields,
  validate: ({ spec }) => [...validateAttributes(spec), ...validateSubject(spec)],
});

export const localSubjectAccessReviewKind: KindDescription<
  typeof localSubjectAccessReviewFields,
  LocalSubjectAccessReview
> = review({
  group: 'authorization.k8s.io',
  kind: 'LocalSubjectAccessReview',
  resource: 'localsubjectaccessreviews',
  singular: 'localsubjectaccessreview',
  namespaced: true,
  fields: localSubjectAccessReviewFields,
  validate: validateLocalReview,
});

function validateAttributes(spec: AccessReviewSpec): FieldError[] {
  const { resourceAttributes: resource, nonResourceAttributes: nonResource } = spec;
  if (resource !== undefined && nonResource !== undefined) {
    return [
      invalidValue(
        'spec.nonResourceAttributes',
        'nonResourceAttributes',
        'cannot be specified in combination with resourceAttributes',
      ),
    ];
  }
  if (resource === undefined && nonResource === undefined) {
    return [
      invalidValue(
        'spec.resourceAttributes',
        undefined,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    ];
  }
  return [];
}

function validateSubject({ user = '', groups = [] }: SubjectAccessReview['spec']): FieldError[] {
  if (user !== '' || groups.length > 0) return [];
  return [invalidValue('spec.user', '', 'at least one of user or group must be specified')];
}

function validateLocalReview({ metadata: { namespace = '' }, spec }: LocalSubjectAccessReview): FieldError[] {
  const { resourceAttributes: resource, nonResourceAttributes: nonResource } = spec;
  return [
    ...validateAttributes(spec),
    ...validateSubject(spec),
    ...(resource && (resource.namespace ?? '') !== namespace
      ? [invalidValue('spec.resourceAttributes.namespace', resource.namespace ?? '', 'must match metadata.namespace')]
      : []),
    ...(nonResource
      ? [invalidValue('spec.nonResourceAttributes', nonResource, 'disallowed on this kind of request')]
      : []),
  ];
}
