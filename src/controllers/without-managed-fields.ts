/** What a controller's copy keeps of an object: who owns which field is the server's to know, and half of the bytes. */
import type { KubeObject } from '../api/meta.ts';

/** The object without `metadata.managedFields`; an update that leaves them out changes none. */
export function withoutManagedFields(object: unknown): unknown {
  const { metadata, ...rest } = object as KubeObject;
  const { managedFields: _, ...kept } = metadata;
  return { ...rest, metadata: kept };
}
