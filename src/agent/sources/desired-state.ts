/**
 * Desired state and where it comes from (design D12).
 *
 * A source hands over one `DesiredState`: all the objects it wants, with a version. Sources are the
 * manifest directory, a bundle and the hub. Every object that a source made carries its name in the
 * label `eliot.run/source` and is changed and removed by that source alone. **The local API is the source
 * without a label**: what has none was made by somebody with kubectl or `eli`, and no source touches
 * it. Taking the label off an object therefore hands it to the local API.
 */
import { createHash } from 'node:crypto';
import { isObject } from '../../api/json-value.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { GroupVersionResource, ObjectKey } from '../../api/object-client.ts';
import type { KindDescription } from '../../api/schema/kind.ts';

/** Label: the name of the source that an object belongs to. */
export const sourceLabel = 'eliot.run/source';

/**
 * Annotation: the object as its source last applied it, as JSON; like kubectl's last-applied-configuration it tells
 * what the source wrote from what others added. It also proves that the source made the object.
 */
export const appliedAnnotation = 'eliot.run/source-applied';

/** One object as a source wants it: decoded, with defaults, without status and without anything a server sets. */
export interface DesiredObject {
  readonly kind: KindDescription;
  readonly object: KubeObject;
}

export interface DesiredState {
  /** A DNS label: `manifests`, `hub`. */
  readonly name: string;
  /** What the source calls this state; for people. */
  readonly version: string;
  /** Of the content: equal states have equal hashes. */
  readonly hash: string;
  readonly objects: readonly DesiredObject[];
}

/** The SHA-256 of the objects, whatever the order of objects and of keys in them; 64 hex digits. */
export function hashObjects(objects: readonly DesiredObject[]): string {
  const texts = objects.map(({ object }) => canonicalJson(object)).sort();
  return createHash('sha256').update(texts.join('\n')).digest('hex');
}

/** JSON with sorted keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

export function resourceOf({ group, version, resource }: KindDescription): GroupVersionResource {
  return { group, version, resource };
}

export function keyOf(object: KubeObject): ObjectKey {
  const { name = '', namespace } = object.metadata;
  return namespace ? { namespace, name } : { name };
}

/** Tells any two objects apart: `pods/default/web`, `namespaces//shop`. */
export function identityOf(kind: KindDescription, object: KubeObject): string {
  const { name = '', namespace = '' } = object.metadata;
  return `${kind.group}/${kind.resource}/${namespace}/${name}`;
}

/** For messages: `pods "default/web"`. */
export function describeObject(kind: KindDescription, object: KubeObject): string {
  const { name = '', namespace } = object.metadata;
  return `${kind.resource} "${namespace ? `${namespace}/` : ''}${name}"`;
}
