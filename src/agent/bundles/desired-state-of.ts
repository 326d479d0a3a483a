/** What a bundle wants of the device, as a source. */
import { StatusError } from '../../lib/status-error.ts';
import { decodeManifest } from '../sources/decode-manifest.ts';
import { type DesiredObject, type DesiredState, describeObject, identityOf } from '../sources/desired-state.ts';

/** The name of the source that a bundle is: a label's value. */
export function sourceOf(bundle: string): string {
  return `bundle-${bundle}`;
}

/**
 * @param digest of the bundle: equal ones want the same
 * @param manifests a `v1 List` as JSON
 * @throws StatusError BadRequest or Invalid for the first object that is wrong, or stands there twice
 */
export function desiredStateOf(bundle: {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly manifests: string;
}): DesiredState {
  const { name, version, digest, manifests } = bundle;
  let document: unknown;
  try {
    document = JSON.parse(manifests);
  } catch (cause) {
    throw new StatusError('Invalid', 'the manifests of the bundle are no JSON', { cause });
  }
  const objects: DesiredObject[] = decodeManifest(document);
  const seen = new Set<string>();
  for (const { kind, object } of objects) {
    const identity = identityOf(kind, object);
    if (seen.has(identity)) throw new StatusError('Invalid', `${describeObject(kind, object)} is in the bundle twice`);
    seen.add(identity);
  }
  return { name: sourceOf(name), version, hash: digest.replace('sha256:', ''), objects };
}
