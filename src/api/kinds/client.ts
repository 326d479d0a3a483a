/**
 * `eliot.run/v1alpha1` Client: a certificate with which a person or a program comes to this device. It is the row of the table
 * that authentication looks into: made by pairing only, and deleting it revokes the certificate at once.
 */
import { jsonEqual } from '../json-value.ts';
import { list, message, required, scalars, string, time } from '../schema/field.ts';
import { forbidden, invalidValue } from '../schema/field-error.ts';
import { allVerbs, type FieldError, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { age, column, nameColumn, orNone, since, wideColumn } from './common/columns.ts';
import { validateMetadata, validateMetadataUpdate } from './common/metadata-validation.ts';
import { always, metadata } from './common/object-fields.ts';

const clientSpec = message('run.eliot.v1alpha1.ClientSpec', {
  user: required(string(1, { doc: 'Name of the person or program, as it stands in the certificate.' })),
  groups: list(2, scalars.string, { doc: 'Its groups, as they stand in the certificate: what it may do.' }),
  fingerprint: required(string(3, { doc: "SHA-256 of the certificate's DER, in lower-case hex." })),
});

const clientStatus = message('run.eliot.v1alpha1.ClientStatus', {
  lastSeen: time(1, { doc: 'When it last asked for something, to the minute; forgotten when the device boots.' }),
  address: string(2, { doc: 'Where it came from then.' }),
});

/** A certificate that was issued and not revoked. */
export const clientFields = message('run.eliot.v1alpha1.Client', {
  metadata,
  spec: always(2, clientSpec, 'Whose certificate it is; never changes.'),
  status: always(3, clientStatus, 'When it was last used.'),
});

export type Client = ObjectOfKind<typeof clientFields>;

export const clientKind: KindDescription<typeof clientFields, Client> = {
  group: 'eliot.run',
  version: 'v1alpha1',
  kind: 'Client',
  resource: 'clients',
  singular: 'client',
  shortNames: [],
  categories: [],
  namespaced: false,
  // Only pairing makes them: a row without a certificate would be nobody.
  verbs: allVerbs.filter((verb) => verb !== 'create' && verb !== 'deletecollection'),
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'], kind: 'Client' }],
  fields: clientFields,
  // Whom the device lets in outlives a power cut; when they came costs no flash.
  storage: 'split',
  hasGeneration: false,
  validate: ({ metadata: given, spec }) => [
    ...validateMetadata(given, { namespaced: false }),
    ...validateFingerprint(spec.fingerprint),
    // What is to be revoked at once must not be held back.
    ...((given.finalizers ?? []).length > 0 ? [forbidden('metadata.finalizers', 'not allowed on this type')] : []),
  ],
  validateUpdate: (next, previous) => [
    ...validateMetadataUpdate(next.metadata, previous.metadata),
    ...(jsonEqual(next.spec, previous.spec) ? [] : [invalidValue('spec', next.spec, 'field is immutable')]),
  ],
  columns: [
    nameColumn,
    column('Groups', 'string', 'What it may do.'),
    column('Issued', 'string', 'Time since its certificate was made.'),
    column('Last Seen', 'string', 'Time since it last asked for something.'),
    column('Address', 'string', 'Where it came from then.'),
    wideColumn('User', 'string', 'Name in its certificate.'),
    wideColumn('Fingerprint', 'string', 'SHA-256 of its certificate.'),
  ],
  row: (client, nowMs) => {
    const { metadata: given, spec, status } = client;
    return [
      given.name ?? '',
      orNone(spec.groups?.join(',')),
      age(client, nowMs),
      status.lastSeen ? since(status.lastSeen, nowMs) : '<none>',
      orNone(status.address),
      spec.user,
      spec.fingerprint,
    ];
  },
  selectableFields: {
    'spec.user': ({ spec }) => spec.user,
    'spec.fingerprint': ({ spec }) => spec.fingerprint,
  },
};

/**
 * Names for the object of a certificate, in the order in which they are tried: the person's name made fit for DNS, so that
 * it can be typed; and, when another certificate of that person has it, the same with eight digits of the fingerprint.
 */
export function clientObjectNames(user: string, fingerprint: string): readonly [plain: string, telling: string] {
  const readable = user
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/[-.]*\.[-.]*/g, '.')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 200)
    .replace(/[-.]+$/, '');
  const plain = readable === '' ? 'client' : readable;
  return [plain, `${plain}-${fingerprint.slice(0, 8)}`];
}

function validateFingerprint(fingerprint: string | undefined): FieldError[] {
  // That it is missing is said by the field table.
  if (fingerprint === undefined || /^[0-9a-f]{64}$/.test(fingerprint)) return [];
  return [invalidValue('spec.fingerprint', fingerprint, 'must be 64 digits of lower-case hex')];
}
