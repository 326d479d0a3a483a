/**
 * `eliot.run/v1alpha1` ImageLayer: a layer of an image that is pushed (docs/adr/0046). Created by sending a part of it, answered
 * with what is there of it then, never stored.
 */
import { message } from '../schema/field.ts';
import type { KindDescription, ObjectOfKind } from '../schema/kind.ts';
import { nameColumn } from './common/columns.ts';
import { always, metadata } from './common/object-fields.ts';
import { layerStateFields } from './image-push.ts';

/** Answer to a part of a layer. */
export const imageLayerFields = message('run.eliot.v1alpha1.ImageLayer', {
  metadata,
  status: always(2, message('run.eliot.v1alpha1.ImageLayerStatus', layerStateFields), 'What is there of it.'),
});

export type ImageLayer = ObjectOfKind<typeof imageLayerFields>;

export const imageLayerKind: KindDescription<typeof imageLayerFields, ImageLayer> = {
  group: 'eliot.run',
  version: 'v1alpha1',
  kind: 'ImageLayer',
  resource: 'imagelayers',
  singular: 'imagelayer',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: ['create'],
  subresources: [],
  fields: imageLayerFields,
  storage: 'none',
  hasGeneration: false,
  validate: () => [],
  validateUpdate: () => [],
  columns: [nameColumn],
  row: ({ metadata: { name = '' } }) => [name],
  selectableFields: {},
};
