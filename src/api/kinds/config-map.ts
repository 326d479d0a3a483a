/** `v1.ConfigMap`: configuration that is not secret, by key. */
import { bool, map, message, scalars } from '../schema/field.ts';
import { invalidValue } from '../schema/field-error.ts';
import { allVerbs, type FieldError, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { tooLong } from './common/checks.ts';
import { age, ageColumn, column, nameColumn } from './common/columns.ts';
import { dataBytes, maxDataBytes, validateDataKeys, validateImmutableData } from './common/data-validation.ts';
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
  validate: validateConfigMap,
  validateUpdate: validateConfigMapUpdate,
  columns: [nameColumn, column('Data', 'string', 'How many keys it has.'), ageColumn],
  row: (configMap, nowMs) => [
    configMap.metadata.name ?? '',
    Object.keys(configMap.data ?? {}).length + Object.keys(configMap.binaryData ?? {}).length,
    age(configMap, nowMs),
  ],
  selectableFields: {},
};

function validateConfigMap({ metadata, data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const inBoth = Object.keys(data).filter((key) => Object.hasOwn(binaryData, key));
  const size = dataBytes(data, 'utf8') + dataBytes(binaryData, 'base64');
  return [
    ...validateMetadata(metadata, { namespaced: true }),
    ...validateDataKeys(data, 'data'),
    ...inBoth.map((key) => invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData')),
    ...validateDataKeys(binaryData, 'binaryData'),
    // The object as a whole is too long, so the error names no field.
    ...(size > maxDataBytes ? [tooLong('', maxDataBytes)] : []),
  ];
}

function validateConfigMapUpdate(next: ConfigMap, previous: ConfigMap): FieldError[] {
  return [
    ...validateMetadataUpdate(next.metadata, previous.metadata),
    ...validateImmutableData(next, previous, ['data', 'binaryData']),
  ];
}
