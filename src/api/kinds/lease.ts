/** `coordination.k8s.io/v1` Lease: who holds something, and since when. */
import { int32, message, microTime, string } from '../schema/field.ts';
import { invalidValue } from '../schema/field-error.ts';
import { allVerbs, type FieldError, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { checkNonNegative, complaints } from './common/checks.ts';
import { age, ageColumn, column, nameColumn } from './common/columns.ts';
import { validateMetadata, validateMetadataUpdate } from './common/metadata-validation.ts';
import { always, metadata } from './common/object-fields.ts';

const leaseSpec = message('io.k8s.api.coordination.v1.LeaseSpec', {
  holderIdentity: string(1, { pointer: true, doc: 'Who holds the lease.' }),
  leaseDurationSeconds: int32(2, { pointer: true, doc: 'Seconds after renewTime until others may take it.' }),
  acquireTime: microTime(3),
  renewTime: microTime(4),
  leaseTransitions: int32(5, { pointer: true, doc: 'How often it changed hands.' }),
  strategy: string(6, { pointer: true }),
  preferredHolder: string(7, { pointer: true }),
});

/** `coordination.k8s.io/v1` Lease. */
export const leaseFields = message('io.k8s.api.coordination.v1.Lease', {
  metadata,
  spec: always(2, leaseSpec, 'What the lease says.'),
});

export type Lease = ObjectOfKind<typeof leaseFields>;
export type LeaseSpec = Lease['spec'];

export const leaseKind: KindDescription<typeof leaseFields, Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  resource: 'leases',
  singular: 'lease',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  fields: leaseFields,
  // A heartbeat every few seconds must not wear the flash out; who held a lease before a boot means nothing.
  storage: 'observation',
  hasGeneration: false,
  validate: validateLease,
  validateUpdate: validateLeaseUpdate,
  columns: [nameColumn, column('Holder', 'string', 'Who holds the lease.'), ageColumn],
  row: (lease, nowMs) => [lease.metadata.name ?? '', lease.spec.holderIdentity ?? '', age(lease, nowMs)],
  selectableFields: {},
};

function validateLease(lease: Lease): FieldError[] {
  const { holderIdentity, leaseDurationSeconds: duration, leaseTransitions: transitions = 0 } = lease.spec;
  return [
    ...validateMetadata(lease.metadata, { namespaced: true }),
    ...(holderIdentity === '' ? [invalidValue('spec.holderIdentity', '', 'must not be empty')] : []),
    ...(duration !== undefined && duration <= 0
      ? [invalidValue('spec.leaseDurationSeconds', duration, 'must be greater than 0')]
      : []),
    ...complaints('spec.leaseTransitions', transitions, checkNonNegative(transitions)),
  ];
}

function validateLeaseUpdate(next: Lease, previous: Lease): FieldError[] {
  return validateMetadataUpdate(next.metadata, previous.metadata);
}
