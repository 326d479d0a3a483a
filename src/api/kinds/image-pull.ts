/**
 * `eliot.run/v1alpha1` ImagePull: an image is fetched from its registry now (docs/adr/0005). Create-only as an ImageArchive:
 * the answer comes when the image is there, and who leaves before ends the pull. Never stored.
 */
import { int64, message, required, string } from '../schema/field.ts';
import type { KindDescription, ObjectOfKind } from '../schema/kind.ts';
import { createOnlyKind } from './common/create-only-kind.ts';
import { always, metadata } from './common/object-fields.ts';
import { validateReference } from './image.ts';

/** A request, and its answer. */
export const imagePullFields = message('run.eliot.v1alpha1.ImagePull', {
  metadata,
  spec: always(
    2,
    message('run.eliot.v1alpha1.ImagePullSpec', {
      image: required(string(1, { doc: 'Name of the image, short ones too, for example busybox:1.36.' })),
    }),
    'What is fetched.',
  ),
  status: always(
    3,
    message('run.eliot.v1alpha1.ImagePullStatus', {
      image: string(1, { doc: 'Full name of the image, as its Image object has it.' }),
      id: string(2, { doc: "Digest of the image's configuration." }),
      sizeBytes: int64(3, { doc: 'Size of the image as it was downloaded.' }),
    }),
    'What it brought.',
  ),
});

export type ImagePull = ObjectOfKind<typeof imagePullFields>;

export const imagePullKind: KindDescription<typeof imagePullFields, ImagePull> = createOnlyKind({
  group: 'eliot.run',
  version: 'v1alpha1',
  kind: 'ImagePull',
  resource: 'imagepulls',
  singular: 'imagepull',
  namespaced: false,
  fields: imagePullFields,
  // That it is missing is said by the field table.
  validate: ({ spec }) => (spec.image ? validateReference(spec.image) : []),
});
