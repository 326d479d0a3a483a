/** `v1.Secret`: passwords, keys and certificates, by key. */
import { bool, defaulted, map, message, scalars, string } from '../schema/field.ts';
import { invalidValue, requiredValue } from '../schema/field-error.ts';
import { allVerbs, type FieldError, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { tooLong } from './common/checks.ts';
import { age, ageColumn, column, nameColumn } from './common/columns.ts';
import { dataBytes, maxDataBytes, validateDataKeys, validateImmutableData } from './common/data-validation.ts';
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
  validate: validateSecret,
  validateUpdate: validateSecretUpdate,
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

function validateSecret(secret: Secret): FieldError[] {
  return [
    ...validateMetadata(secret.metadata, { namespaced: true }),
    ...validateDataKeys(secret.data, 'data'),
    ...(dataBytes(secret.data, 'base64') > maxDataBytes ? [tooLong('data', maxDataBytes)] : []),
    ...validateType(secret),
  ];
}

function validateSecretUpdate(next: Secret, previous: Secret): FieldError[] {
  return [
    ...validateMetadataUpdate(next.metadata, previous.metadata),
    ...(next.type === previous.type ? [] : [invalidValue('type', next.type, 'field is immutable')]),
    ...validateImmutableData(next, previous, ['data']),
  ];
}

const accountNameAnnotation = 'kubernetes.io/service-account.name';

function validateType({ type, data = {}, metadata }: Secret): FieldError[] {
  const missing = (keys: readonly string[]): FieldError[] => keys.map((key) => requiredValue(`data[${key}]`));
  switch (type) {
    case 'kubernetes.io/service-account-token':
      return metadata.annotations?.[accountNameAnnotation]
        ? []
        : [requiredValue(`metadata.annotations[${accountNameAnnotation}]`)];
    case 'kubernetes.io/dockercfg':
      return validateJson(data, '.dockercfg');
    case 'kubernetes.io/dockerconfigjson':
      return validateJson(data, '.dockerconfigjson');
    case 'kubernetes.io/basic-auth':
      // One of the two is enough, and it may be empty.
      return Object.hasOwn(data, 'username') || Object.hasOwn(data, 'password')
        ? []
        : missing(['username', 'password']);
    case 'kubernetes.io/ssh-auth':
      return data['ssh-privatekey'] ? [] : missing(['ssh-privatekey']);
    case 'kubernetes.io/tls':
      return missing(['tls.crt', 'tls.key'].filter((key) => !Object.hasOwn(data, key)));
    default:
      return [];
  }
}

function validateJson(data: { readonly [key: string]: string }, key: string): FieldError[] {
  const field = `data[${key}]`;
  const encoded = data[key];
  if (encoded === undefined) return [requiredValue(field)];
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return [];
  } catch {
    // The parser's message quotes the text, which is secret.
  }
  return [invalidValue(field, '<secret contents redacted>', 'must be a JSON object')];
}
