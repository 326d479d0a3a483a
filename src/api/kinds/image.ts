/**
 * `eliot.run/v1alpha1` Image: an image that is on the device or on its way. Observation only: the agent makes and
 * removes these objects as the runtime's images come and go; deleting one removes the image.
 */
import { createHash } from 'node:crypto';
import { humanSize } from '../../lib/human-size.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { parseImageReference } from '../image-reference.ts';
import { bool, defaulted, int64, list, message, required, scalars, string, time } from '../schema/field.ts';
import { invalidValue } from '../schema/field-error.ts';
import { allVerbs, type FieldError, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { column, nameColumn, since, wideColumn } from './common/columns.ts';
import { validateMetadata, validateMetadataUpdate } from './common/metadata-validation.ts';
import { always, metadata } from './common/object-fields.ts';

const imageSpec = message('run.eliot.v1alpha1.ImageSpec', {
  image: required(string(1, { doc: 'Full name of the image, for example docker.io/library/busybox:1.36.' })),
});

const imageLayer = message('run.eliot.v1alpha1.ImageLayerProgress', {
  digest: required(string(1, { doc: 'Digest of the layer as the registry has it.' })),
  sizeBytes: defaulted(int64(2, { doc: 'Size of the layer as the registry has it.' }), 0),
  doneBytes: defaulted(int64(3, { doc: 'How much of it is on the device.' }), 0),
});

const imageStatus = message('run.eliot.v1alpha1.ImageStatus', {
  state: string(1, { doc: 'Pulling, Unpacking, Present, Failed, or Gone.' }),
  message: string(2, { doc: 'What went wrong when the pull failed.' }),
  id: string(3, { doc: "Digest of the image's configuration; what it is, whatever it is called." }),
  tags: list(4, scalars.string, { doc: 'Every name of the image that ends in a tag.' }),
  digests: list(5, scalars.string, { doc: 'Every name of the image that ends in a digest.' }),
  sizeBytes: int64(6, { doc: 'Size of the image as it was downloaded.' }),
  synced: bool(7, { pointer: true, doc: 'Unpacked and flushed to disk: a power cut cannot take it back.' }),
  sideLoaded: bool(8, {
    pointer: true,
    doc: 'Came from an archive, not from a registry; never removed to free space.',
  }),
  loadedAt: time(9, { doc: 'When the name came to mean this image.' }),
  usedBy: list(10, scalars.string, { doc: 'What wants it: pods, and what makes pods.' }),
  layers: list(11, imageLayer, { doc: 'How far the pull is.' }),
  pinned: bool(12, { pointer: true, doc: "The runtime's own, which every pod needs; never removed." }),
});

/** An image. */
export const imageFields = message('run.eliot.v1alpha1.Image', {
  metadata,
  spec: always(2, imageSpec, 'Which image it is.'),
  status: always(3, imageStatus, 'What is known of it.'),
});

export type Image = ObjectOfKind<typeof imageFields>;
export type ImageStatus = Image['status'];

/** Keeps the object until the image is gone. */
const imageFinalizer = 'eliot.run/image';

export const imageKind: KindDescription<typeof imageFields, Image> = {
  group: 'eliot.run',
  version: 'v1alpha1',
  kind: 'Image',
  resource: 'images',
  singular: 'image',
  shortNames: ['img'],
  categories: [],
  namespaced: false,
  verbs: allVerbs.filter((verb) => verb !== 'deletecollection'),
  subresources: [
    { name: 'archive', verbs: ['get'], kind: 'Image' },
    { name: 'status', verbs: ['get', 'patch', 'update'], kind: 'Image' },
  ],
  fields: imageFields,
  storage: 'observation',
  hasGeneration: false,
  prepareForCreate: (image) => ({ ...image, metadata: { ...image.metadata, finalizers: [imageFinalizer] } }),
  prepareForUpdate: (next, previous) => ({ ...next, spec: previous.spec }),
  // As Kubernetes does it for kinds that are not its own: whoever writes a status writes nothing else.
  metadataKeptByStatus: ['annotations', 'finalizers', 'labels', 'ownerReferences'],
  validate: validateImage,
  validateUpdate: (next, previous) => validateMetadataUpdate(next.metadata, previous.metadata),
  columns: [
    nameColumn,
    column('Image', 'string', 'Full name of the image.'),
    column('ID', 'string', 'The first digits of what it is.'),
    column('Size', 'string', 'As it was downloaded.'),
    column('Status', 'string', 'Pulling with its progress, Unpacking, Present, or Failed.'),
    column('Age', 'string', 'Time since it came.'),
    wideColumn('Side-loaded', 'boolean', 'Whether it came from an archive.'),
    wideColumn('Synced', 'boolean', 'Whether it outlives a power cut.'),
    wideColumn('Used By', 'string', 'What wants it.'),
  ],
  row: ({ metadata: { name = '', creationTimestamp }, spec, status }, nowMs) => [
    name,
    spec.image,
    status.id?.replace('sha256:', '').slice(0, 12) ?? '',
    status.sizeBytes === undefined ? '' : humanSize(status.sizeBytes),
    statusWord(status),
    since(status.loadedAt ?? creationTimestamp, nowMs),
    status.sideLoaded ?? false,
    status.synced ?? false,
    status.usedBy?.join(',') || '<none>',
  ],
  selectableFields: {
    'spec.image': ({ spec }) => spec.image,
    'status.state': ({ status }) => status.state ?? '',
  },
};

/**
 * The object's name for an image: its name made fit for a DNS name, and the start of its hash, as several names may
 * become one that way. `docker.io/library/busybox:1.36` is `busybox-1.36-` and eight digits.
 *
 * @param reference full name
 */
export function imageObjectName(reference: string): string {
  const readable = reference
    .replace(/^docker\.io\/(library\/)?/, '')
    .replace(/@sha256:([0-9a-f]{12}).*$/, '-$1')
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/-?\.+-?/g, '.')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 200)
    .replace(/[-.]+$/, '');
  return `${readable}-${createHash('sha256').update(reference).digest('hex').slice(0, 8)}`;
}

function validateImage(image: Image): FieldError[] {
  const { name = '' } = image.metadata;
  const reference: string | undefined = image.spec.image;
  const problems = validateMetadata(image.metadata, { namespaced: false });
  // That it is missing is said by the field table.
  if (!reference) return problems;
  const due = imageObjectName(reference);
  return [
    ...problems,
    ...validateReference(reference),
    ...(name === due ? [] : [invalidValue('metadata.name', name, `must be ${due}, which stands for this image`)]),
  ];
}

/** What is wrong with the name of an image in `spec.image`. */
export function validateReference(reference: string): FieldError[] {
  try {
    parseImageReference(reference);
    return [];
  } catch (error) {
    if (!isStatusError(error, 'Invalid')) throw error;
    return [invalidValue('spec.image', reference, error.message)];
  }
}

function statusWord({ state = 'Unknown', layers = [] }: ImageStatus): string {
  const total = layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (state !== 'Pulling' || total === 0) return state;
  const done = layers.reduce((sum, { doneBytes }) => sum + doneBytes, 0);
  return `Pulling ${Math.floor((100 * done) / total)}%`;
}
