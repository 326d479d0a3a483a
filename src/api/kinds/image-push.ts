/**
 * `eliot.run/v1alpha1` ImagePush: an image that shall be on the device, of which it may have layers already (docs/adr/0046).
 * Create-only as an ImageArchive: the answer says which layers are missing, and whether the image is there now. Never stored.
 */
import { bool, bytes, int64, list, message, required, string } from '../schema/field.ts';
import type { KindDescription, ObjectOfKind } from '../schema/kind.ts';
import { nameColumn } from './common/columns.ts';
import { always, metadata } from './common/object-fields.ts';
import { validateReference } from './image.ts';

const layerRequest = message('run.eliot.v1alpha1.ImagePushLayer', {
  diffID: required(string(1, { doc: 'Digest of the layer without its compression.' })),
  sizeBytes: required(int64(2, { doc: 'Size of the layer without its compression.' })),
  recipe: required(string(3, { doc: 'Digest of the recipe by which it is sent.' })),
  recipeBytes: required(int64(4, { doc: 'Size of that recipe.' })),
});

/** What a device says of a layer; an ImageLayer's status as well. */
export const layerStateFields = {
  diffID: string(1, { doc: 'Digest of the layer without its compression.' }),
  state: string(2, { doc: 'Present or Missing.' }),
  recipeBytes: int64(3, { doc: 'How much of its recipe has come.' }),
  missing: bytes(4, {
    doc: 'A bit for each step of the recipe whose chunk is to be sent, the lowest first; absent until the device knows.',
  }),
} as const;

/** A request, and its answer. */
export const imagePushFields = message('run.eliot.v1alpha1.ImagePush', {
  metadata,
  spec: always(
    2,
    message('run.eliot.v1alpha1.ImagePushSpec', {
      image: required(string(1, { doc: 'Name of the image, with a tag.' })),
      configuration: required(
        bytes(2, { doc: "The image's configuration, byte for byte. Its digest is the image's id." }),
      ),
      layers: list(3, layerRequest, { doc: 'Layers of which more shall be said than whether they are there.' }),
    }),
    'What shall be there.',
  ),
  status: always(
    3,
    message('run.eliot.v1alpha1.ImagePushStatus', {
      id: string(1, { doc: "Digest of the image's configuration." }),
      complete: bool(2, { pointer: true, doc: 'The image is on the device under its name.' }),
      layers: list(3, message('run.eliot.v1alpha1.ImagePushLayerState', layerStateFields), {
        doc: 'Its layers, in their order.',
      }),
    }),
    'What is there.',
  ),
});

export type ImagePush = ObjectOfKind<typeof imagePushFields>;

export const imagePushKind: KindDescription<typeof imagePushFields, ImagePush> = {
  group: 'eliot.run',
  version: 'v1alpha1',
  kind: 'ImagePush',
  resource: 'imagepushes',
  singular: 'imagepush',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: ['create'],
  subresources: [],
  fields: imagePushFields,
  storage: 'none',
  hasGeneration: false,
  // That it is missing is said by the field table.
  validate: ({ spec }) => (spec.image ? validateReference(spec.image) : []),
  validateUpdate: () => [],
  columns: [nameColumn],
  row: ({ metadata: { name = '' } }) => [name],
  selectableFields: {},
};
