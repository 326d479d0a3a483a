/**
 * `eliot.run/v1alpha1` Bundle: an application that came to the device as one file (docs/adr/0047). Created by sending the file
 * itself; what it brought is a source of its own, and goes when the Bundle is deleted.
 */
import {
  bool,
  int32,
  int64,
  list,
  listMap,
  message,
  object,
  required,
  scalars,
  string,
  time,
} from '../schema/field.ts';
import { allVerbs, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { age, column, nameColumn, orNone, wideColumn } from './common/columns.ts';
import { condition } from './common/condition.ts';
import { validateMetadata, validateMetadataUpdate } from './common/metadata-validation.ts';
import { always, metadata } from './common/object-fields.ts';

const bundleVersion = message('run.eliot.v1alpha1.BundleVersion', {
  version: required(string(1, { doc: 'As its author calls it.' })),
  digest: required(string(2, { doc: 'Of the index of the file: what it is, whatever it is called.' })),
  images: list(3, scalars.string, { doc: 'The images that it brought; they stay as long as it may come back.' }),
});

const failedBundleVersion = message('run.eliot.v1alpha1.FailedBundleVersion', {
  version: required(string(1)),
  digest: required(string(2)),
  message: string(3, { doc: 'Why it was taken back.' }),
});

const bundleSpec = message('run.eliot.v1alpha1.BundleSpec', {
  version: required(string(1, { doc: 'The version that the device is to run.' })),
  digest: required(string(2, { doc: 'Of the index of the file that it came in.' })),
  progressDeadlineSeconds: int32(3, { doc: 'Seconds within which everything must be ready.' }),
  signedBy: string(4, { doc: 'The trusted key that signed it.' }),
  from: string(5, { doc: 'Who brought it: a user, or a file of the watched directory.' }),
  proven: bool(6, { pointer: true, doc: 'Everything in it was ready once.' }),
  previous: object(7, bundleVersion, { doc: 'The version that comes back when this one fails.' }),
  failed: list(8, failedBundleVersion, { doc: 'Versions that were taken back, and are refused; the newest last.' }),
  images: list(10, scalars.string, { doc: 'The images that it brought.' }),
  rolledBack: bool(9, { pointer: true, doc: 'This version came back when a newer one failed: the last in failed.' }),
});

const refusedBundle = message('run.eliot.v1alpha1.RefusedBundle', {
  from: string(1, { doc: 'The file.' }),
  message: string(2, { doc: 'Why it was not applied.' }),
  time: time(3),
});

const begunLayer = message('run.eliot.v1alpha1.BegunBundleLayer', {
  digest: required(string(1)),
  bytes: required(int64(2, { doc: 'So many of its first bytes are on the device.' })),
});

const bundleStatus = message('run.eliot.v1alpha1.BundleStatus', {
  state: string(1, { doc: 'Progressing, Ready, NotReady, RolledBack, Refused or Removing.' }),
  message: string(2, { doc: 'What it waits for, or what went wrong.' }),
  appliedVersion: string(3, { doc: 'The version whose objects are on the device.' }),
  appliedDigest: string(4),
  conditions: listMap(5, condition, ['type']),
  refused: object(7, refusedBundle, { doc: 'The last file that was offered and not taken.' }),
  missingLayers: list(8, scalars.string, {
    doc: 'Answer to a dry run: digests of the layers that the device has not, and must be sent.',
  }),
  begunLayers: list(9, begunLayer, {
    doc: 'Answer to a dry run: those of the missing layers of which only the rest must be sent, as blobs/sha256/HEX/BYTES.',
  }),
});

/** An application that came as one file. */
export const bundleFields = message('run.eliot.v1alpha1.Bundle', {
  metadata,
  spec: always(2, bundleSpec, 'Which version is wanted.'),
  status: always(3, bundleStatus, 'How far it is.'),
});

export type Bundle = ObjectOfKind<typeof bundleFields>;
export type BundleSpec = Bundle['spec'];
export type BundleStatus = Bundle['status'];

/** Keeps the object until all that it brought is gone. */
export const bundleFinalizer = 'eliot.run/bundle';

export const bundleKind: KindDescription<typeof bundleFields, Bundle> = {
  group: 'eliot.run',
  version: 'v1alpha1',
  kind: 'Bundle',
  resource: 'bundles',
  singular: 'bundle',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs.filter((verb) => verb !== 'deletecollection'),
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'], kind: 'Bundle' }],
  fields: bundleFields,
  // What is wanted outlives a power cut; how far it is costs no flash.
  storage: 'split',
  hasGeneration: true,
  prepareForCreate: (bundle) => ({ ...bundle, metadata: { ...bundle.metadata, finalizers: [bundleFinalizer] } }),
  metadataKeptByStatus: ['annotations', 'finalizers', 'labels', 'ownerReferences'],
  validate: ({ metadata: given }) => validateMetadata(given, { namespaced: false }),
  validateUpdate: (next, previous) => validateMetadataUpdate(next.metadata, previous.metadata),
  columns: [
    nameColumn,
    column('Version', 'string', 'The version that is wanted.'),
    column('Status', 'string', 'Progressing, Ready, NotReady, RolledBack, Refused or Removing.'),
    column('Signed By', 'string', 'The trusted key that signed it.'),
    column('Age', 'string', 'Time since the first version came.'),
    wideColumn('Previous', 'string', 'The version that comes back when this one fails.'),
    wideColumn('From', 'string', 'Who brought it.'),
    wideColumn('Digest', 'string', 'What it is.'),
    wideColumn('Message', 'string', 'What it waits for, or what went wrong.'),
  ],
  row: (bundle, nowMs) => {
    const { metadata: given, spec, status } = bundle;
    return [
      given.name ?? '',
      spec.version,
      status.state ?? 'Progressing',
      orNone(spec.signedBy),
      age(bundle, nowMs),
      orNone(spec.previous?.version),
      orNone(spec.from),
      spec.digest.replace('sha256:', '').slice(0, 12),
      status.message ?? '',
    ];
  },
  selectableFields: { 'status.state': ({ status }) => status.state ?? '' },
};
