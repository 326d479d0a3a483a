/** Image objects on a device without a runtime, and the part of the agent that lets them go. */

import { type Image, type ImageStatus, imageObjectName } from '../api/kinds/image.ts';
import type { KubeObject } from '../api/meta.ts';
import type { ObjectClient } from '../api/object-client.ts';
import { images } from '../api/resources.ts';
import { isStatusError } from '../lib/status-error.ts';

/** Makes the object of an image that is on the device. */
export async function addTestImage(client: ObjectClient, image: string, status: ImageStatus = {}): Promise<Image> {
  const object = { apiVersion: 'eliot.run/v1alpha1', kind: 'Image', metadata: { name: imageObjectName(image) } };
  const created = await client.create<KubeObject>(images, { ...object, spec: { image } });
  const known = { ...created, status: { state: 'Present', tags: [image], ...status } } as Image;
  return await client.update<Image>(images, known, { subresource: 'status' });
}

/** Ends every Image object that somebody deletes, until `signal` aborts; call it before. */
export async function letImagesGo(client: ObjectClient, signal: AbortSignal): Promise<void> {
  const { resourceVersion = '' } = (await client.list(images)).metadata;
  for await (const event of client.watch<Image>(images, { resourceVersion }, signal)) {
    if (event.type === 'BOOKMARK' || event.type === 'DELETED') continue;
    const { name = '', deletionTimestamp } = event.object.metadata;
    if (deletionTimestamp === undefined) continue;
    // It may be gone by now.
    await client.patch(images, { name }, 'merge', { metadata: { finalizers: [] } }).catch((error: unknown) => {
      if (!isStatusError(error, 'NotFound')) throw error;
    });
  }
}
