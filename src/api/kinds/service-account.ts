/** `v1.ServiceAccount`: an identity for the processes of a pod. */
import { bool, list, listMap, message } from '../schema/field.ts';
import { allVerbs, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
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
  subresources: [],
  fields: serviceAccountFields,
  storage: 'intent',
  hasGeneration: false,
  validate: (account) => validateMetadata(account.metadata, { namespaced: true }),
  validateUpdate: (next, previous) => validateMetadataUpdate(next.metadata, previous.metadata),
  columns: [nameColumn, column('Secrets', 'string', 'How many secrets it may use.'), ageColumn],
  row: (account, nowMs) => [account.metadata.name ?? '', account.secrets?.length ?? 0, age(account, nowMs)],
  selectableFields: {},
};
