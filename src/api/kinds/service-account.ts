/** `v1.ServiceAccount`: an identity for the processes of a pod. */
import { bool, list, listMap, message } from '../schema/field.ts';
import { unsupportedValue } from '../schema/field-error.ts';
import { allVerbs, type FieldError, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { age, ageColumn, column, nameColumn } from './common/columns.ts';
import { validateMetadata, validateMetadataUpdate } from './common/metadata-validation.ts';
import { metadata } from './common/object-fields.ts';
import { localObjectReference, objectReference } from './common/references.ts';

/** `v1.ServiceAccount`. */
export const serviceAccountFields = message('io.k8s.api.core.v1.ServiceAccount', {
  metadata,
  secrets: listMap(2, objectReference, ['name'], { uniqueKeys: false }),
  imagePullSecrets: list(3, localObjectReference),
  automountServiceAccountToken: bool(4, { pointer: true }),
});

export type ServiceAccount = ObjectOfKind<typeof serviceAccountFields>;

/**
 * What an account may do, Eliot's own until RBAC is served: without the annotation nothing but discovery and
 * questions about itself. Named after Kubernetes' cluster roles.
 */
export const serviceAccountRoles = {
  annotation: 'eliot.run/role',
  roles: ['view', 'edit', 'cluster-admin'],
} as const;

function validateServiceAccount({ metadata }: ServiceAccount): FieldError[] {
  const { annotation, roles } = serviceAccountRoles;
  const role = metadata.annotations?.[annotation];
  const isKnown = role === undefined || roles.some((each) => each === role);
  return [
    ...validateMetadata(metadata, { namespaced: true }),
    ...(isKnown ? [] : [unsupportedValue(`metadata.annotations[${annotation}]`, role, roles)]),
  ];
}

export const serviceAccountKind: KindDescription<typeof serviceAccountFields, ServiceAccount> = {
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  resource: 'serviceaccounts',
  singular: 'serviceaccount',
  shortNames: ['sa'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [
    { name: 'token', verbs: ['create'], kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1' },
  ],
  fields: serviceAccountFields,
  storage: 'intent',
  hasGeneration: false,
  validate: validateServiceAccount,
  validateUpdate: (next, previous) => validateMetadataUpdate(next.metadata, previous.metadata),
  columns: [nameColumn, column('Secrets', 'string', 'How many secrets it may use.'), ageColumn],
  row: (account, nowMs) => [account.metadata.name ?? '', account.secrets?.length ?? 0, age(account, nowMs)],
  selectableFields: {},
};
