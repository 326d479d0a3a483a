/** Tokens: asking for one, and asking whose one is. Answered at once and never stored. */
import {
  bool,
  defaulted,
  int64,
  list,
  message,
  type ObjectOf,
  object,
  scalars,
  string,
  time,
} from '../schema/field.ts';
import { invalidValue } from '../schema/field-error.ts';
import type { FieldError, KindDescription, ObjectOfKind } from '../schema/kind.ts';
import { always, metadata } from './common/object-fields.ts';
import { review, userInfo } from './reviews.ts';

/** `authentication.k8s.io/v1` TokenReview: whose token is it, and is it good? */
export const tokenReviewFields = message('io.k8s.api.authentication.v1.TokenReview', {
  metadata,
  spec: always(
    2,
    message('io.k8s.api.authentication.v1.TokenReviewSpec', {
      token: string(1),
      audiences: list(2, scalars.string, { doc: "For whom the token must be; the API's own audience when empty." }),
    }),
    'What is asked.',
  ),
  status: always(
    3,
    message('io.k8s.api.authentication.v1.TokenReviewStatus', {
      authenticated: bool(1),
      user: object(2, userInfo),
      audiences: list(4, scalars.string),
      error: string(3),
    }),
    'The answer.',
  ),
});

export type TokenReview = ObjectOfKind<typeof tokenReviewFields>;

export const tokenReviewKind: KindDescription<typeof tokenReviewFields, TokenReview> = review({
  group: 'authentication.k8s.io',
  kind: 'TokenReview',
  resource: 'tokenreviews',
  singular: 'tokenreview',
  fields: tokenReviewFields,
  validate: () => [],
});

const boundObjectReference = message('io.k8s.api.authentication.v1.BoundObjectReference', {
  kind: string(1, { doc: 'Pod, Secret or Node.' }),
  apiVersion: string(2),
  name: string(3),
  uid: string(4),
});

/** Seconds. Kubernetes' bounds (ValidateTokenRequest): ten minutes to 2^32 seconds. */
const minExpirationSeconds = 600;
const maxExpirationSeconds = 2 ** 32;

/** `authentication.k8s.io/v1` TokenRequest: what is sent to `serviceaccounts/NAME/token`. */
export const tokenRequestFields = message('io.k8s.api.authentication.v1.TokenRequest', {
  metadata,
  spec: always(
    2,
    message('io.k8s.api.authentication.v1.TokenRequestSpec', {
      audiences: list(1, scalars.string, { doc: "For whom the token is; the API's own audience when empty." }),
      expirationSeconds: defaulted(int64(4, { pointer: true }), 3600),
      boundObjectRef: object(3, boundObjectReference, { doc: 'The token is good no longer than this object lives.' }),
    }),
    'What token is wanted.',
  ),
  status: always(
    3,
    message('io.k8s.api.authentication.v1.TokenRequestStatus', { token: string(1), expirationTimestamp: time(2) }),
    'The token.',
  ),
});

export type TokenRequest = ObjectOfKind<typeof tokenRequestFields>;
export type BoundObjectReference = ObjectOf<typeof boundObjectReference>;

/** A message that the subresource takes and answers; no resource of its own. */
export const tokenRequestKind: KindDescription<typeof tokenRequestFields, TokenRequest> = review({
  group: 'authentication.k8s.io',
  kind: 'TokenRequest',
  resource: 'tokenrequests',
  singular: 'tokenrequest',
  namespaced: true,
  fields: tokenRequestFields,
  validate: validateTokenRequest,
});

function validateTokenRequest({ spec: { expirationSeconds } }: TokenRequest): FieldError[] {
  const field = 'spec.expirationSeconds';
  if (expirationSeconds < minExpirationSeconds) {
    return [invalidValue(field, expirationSeconds, 'may not specify a duration less than 10 minutes')];
  }
  if (expirationSeconds > maxExpirationSeconds) {
    return [invalidValue(field, expirationSeconds, 'may not specify a duration larger than 2^32 seconds')];
  }
  return [];
}
