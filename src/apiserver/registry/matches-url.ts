/** A PUT names its object twice: in the URL and in the body. */
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectKey } from '../../api/object-client.ts';
import { StatusError } from '../../lib/status-error.ts';

/**
 * The sent object, with the namespace of the URL when it names none.
 *
 * @throws StatusError BadRequest when name or namespace differ from the URL's
 */
export function checkMatchesUrl(sent: KubeObject, key: ObjectKey): KubeObject {
  const { name, namespace } = sent.metadata;
  if (!name) {
    throw new StatusError(
      'BadRequest',
      `the name of the object (${key.name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (name !== key.name) {
    throw new StatusError(
      'BadRequest',
      `the name of the object (${name}) does not match the name on the URL (${key.name})`,
    );
  }
  if (key.namespace && namespace && namespace !== key.namespace) {
    throw new StatusError(
      'BadRequest',
      `the namespace of the object (${namespace}) does not match the namespace on the request (${key.namespace})`,
    );
  }
  return key.namespace ? { ...sent, metadata: { ...sent.metadata, namespace: key.namespace } } : sent;
}
