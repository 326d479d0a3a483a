/** `v1.ConfigMap`: configuration that is not secret, by key. */
import { bool, map, message, scalars } from '../schema/field.ts';
import { allVerbs, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { age, ageColumn, column, nameColumn } from './common/columns.ts';
import { validateMetadata, validateMetadataUpdate } from './common/metadata-validation.ts';
import { metadata } from './common/object-fields.ts';

/** `v1.ConfigMap`. */
export const configMapFields = message('io.k8s.api.core.v1.ConfigMap', {
  metadata,
  immutable: bool(4, { pointer: true, doc: 'When true, the data can no longer be changed.' }),
  data: map(2, scalars.string, { doc: 'UTF-8 text by key.' }),
  binaryData: map(3, scalars.bytes, { doc: 'Any bytes by key, in base64.' }),
});

export type ConfigMap = ObjectOfKind<typeof configMapFields>;

export const configMapKind: KindDescription<typeof configMapFields, ConfigMap> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  fields: configMapFields,
  storage: 'intent',
  hasGeneration: false,
  validate: (configMap) => validateMetadata(configMap.metadata, { namespaced: true }),
  validateUpdate: (next, previous) => validateMetadataUpdate(next.metadata, previous.metadata),
  columns: [nameColumn, column('Data', 'string', 'How many keys it has.'), ageColumn],
  row: (configMap, nowMs) => [
    configMap.metadata.name ?? '',
    Object.keys(configMap.data ?? {}).length + Object.keys(configMap.binaryData ?? {}).length,
    age(configMap, nowMs),
  ],
  selectableFields: {},
};
