/**
 * `eliot.run/v1alpha1` ImageArchive: images handed to the device without a registry (docs/adr/0005). Created by
 * sending the archive itself, answered with the images it brought, never stored.
 */
import { list, message, scalars } from '../schema/field.ts';
import type { KindDescription, ObjectOfKind } from '../schema/kind.ts';
import { createOnlyKind } from './common/create-only-kind.ts';
import { always, metadata } from './common/object-fields.ts';

/** Answer to an archive that was loaded. */
export const imageArchiveFields = message('run.eliot.v1alpha1.ImageArchive', {
  metadata,
  status: always(
    2,
    message('run.eliot.v1alpha1.ImageArchiveStatus', {
      images: list(1, scalars.string, { doc: 'Full names of the images that are now on the device.' }),
    }),
    'What the archive brought.',
  ),
});

export type ImageArchive = ObjectOfKind<typeof imageArchiveFields>;

export const imageArchiveKind: KindDescription<typeof imageArchiveFields, ImageArchive> = createOnlyKind({
  group: 'eliot.run',
  version: 'v1alpha1',
  kind: 'ImageArchive',
  resource: 'imagearchives',
  singular: 'imagearchive',
  namespaced: false,
  fields: imageArchiveFields,
});
