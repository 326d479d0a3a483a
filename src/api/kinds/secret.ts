/** `v1.Secret`: passwords, keys and certificates, by key. */
import { bool, defaulted, map, message, scalars, string } from '../schema/field.ts';
import { allVerbs, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { age, ageColumn, column, nameColumn } from './common/columns.ts';
import { validateMetadata, validateMetadataUpdate } from './common/metadata-validation.ts';
import { metadata } from './common/object-fields.ts';

/** `v1.Secret`. */
export const secretFields = message('io.k8s.api.core.v1.Secret', {
  metadata,
  immutable: bool(5, { pointer: true, doc: 'When true, the data can no longer be changed.' }),
  data: map(2, scalars.bytes, { doc: 'The secret by key, in base64.' }),
  stringData: map(4, scalars.string, { doc: 'Written into data, in plain text; never answered.' }),
  type: defaulted(string(3, { doc: 'Which keys it must have.' }), 'Opaque'),
});

export type Secret = ObjectOfKind<typeof secretFields>;

export const secretKind: KindDescription<typeof secretFields, Secret> = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  resource: 'secrets',
  singular: 'secret',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  fields: secretFields,
  storage: 'intent',
  hasGeneration: false,
  normalize: mergeStringData,
  validate: (secret) => validateMetadata(secret.metadata, { namespaced: true }),
  validateUpdate: (next, previous) => validateMetadataUpdate(next.metadata, previous.metadata),
  columns: [
    nameColumn,
    column('Type', 'string', 'Which keys it must have.'),
    column('Data', 'string', 'How many keys it has.'),
    ageColumn,
  ],
  row: (secret, nowMs) => [
    secret.metadata.name ?? '',
    secret.type,
    Object.keys(secret.data ?? {}).length,
    age(secret, nowMs),
  ],
  selectableFields: { type: (secret) => secret.type },
};

/** Writes `stringData` into `data`, over keys that are there, on create, update and patch alike. */
function mergeStringData(secret: Secret): Secret {
  const { stringData, ...rest } = secret;
  if (stringData === undefined) return secret;
  const added = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')]);
  return { ...rest, data: { ...secret.data, ...Object.fromEntries(added) } } as Secret;
}
