/**
 * Decides what must change so that what a source wants is there, and what it no longer wants is gone. Changes nothing.
 *
 * Pure. Never touches an object that belongs to another source or to the local API: such a
 * clash is reported, and the caller then changes nothing at all.
 */
import { isObject, jsonEqual } from '../../api/json-value.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { KindDescription } from '../../api/schema/kind.ts';
import {
  appliedAnnotation,
  canonicalJson,
  type DesiredState,
  describeObject,
  identityOf,
  sourceLabel,
} from './desired-state.ts';
import { mergeDesired } from './merge-desired.ts';

/** An object as it is in the store. */
export interface LiveObject {
  readonly kind: KindDescription;
  readonly object: KubeObject;
}

export type SourceChange =
  | { readonly type: 'create'; readonly kind: KindDescription; readonly object: KubeObject }
  /** `object` is whole, with the resourceVersion it was computed from. */
  | { readonly type: 'update'; readonly kind: KindDescription; readonly object: KubeObject }
  | { readonly type: 'delete'; readonly kind: KindDescription; readonly object: KubeObject };

export interface SourceChanges {
  /** In the order in which they are to be made. */
  readonly changes: readonly SourceChange[];
  /** One sentence for each wanted object that is somebody else's. */
  readonly clashes: readonly string[];
  /** Wanted objects that are still being deleted: they are made anew when they are gone. */
  readonly ending: readonly string[];
}

/** @param live every object labelled with the source, and every object that has the name of a wanted one */
export function computeSourceChanges(desired: DesiredState, live: readonly LiveObject[]): SourceChanges {
  const liveByIdentity = new Map(live.map(({ kind, object }) => [identityOf(kind, object), object]));
  const wanted = new Set(desired.objects.map(({ kind, object }) => identityOf(kind, object)));
  const changes: SourceChange[] = [];
  const clashes: string[] = [];
  const ending: string[] = [];

  for (const { kind, object } of live) {
    const isStray = isMadeBy(desired.name, object) && !wanted.has(identityOf(kind, object));
    if (isStray && object.metadata.deletionTimestamp === undefined) changes.push({ type: 'delete', kind, object });
  }
  for (const { kind, object } of desired.objects) {
    const current = liveByIdentity.get(identityOf(kind, object));
    const marked = markObject(desired.name, object);
    if (current === undefined) {
      changes.push({ type: 'create', kind, object: marked });
      continue;
    }
    const owner = current.metadata.labels?.[sourceLabel];
    if (owner !== desired.name) {
      const whose = owner === undefined ? 'the local API' : `source "${owner}"`;
      clashes.push(`${describeObject(kind, object)} belongs to ${whose}`);
    } else if (current.metadata.deletionTimestamp !== undefined) {
      ending.push(describeObject(kind, object));
    } else {
      const next = mergeDesired(kind.fields, current, lastApplied(current), marked) as KubeObject;
      if (!jsonEqual(next, current)) changes.push({ type: 'update', kind, object: next });
    }
  }
  return { changes: changes.sort((a, b) => rankOf(a) - rankOf(b)), clashes, ending };
}

/** The object with the source's label and the record of what the source wants of it. */
export function markObject(source: string, object: KubeObject): KubeObject {
  const { [appliedAnnotation]: _, ...annotations } = object.metadata.annotations ?? {};
  const labelled: KubeObject = {
    ...object,
    metadata: {
      ...object.metadata,
      labels: { ...object.metadata.labels, [sourceLabel]: source },
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
  };
  return {
    ...labelled,
    metadata: { ...labelled.metadata, annotations: { ...annotations, [appliedAnnotation]: canonicalJson(labelled) } },
  };
}

/**
 * Whether `source` made this very object. The label alone does not prove it: somebody may have copied it
 * to an object of his own, which must not be deleted for that.
 */
function isMadeBy(source: string, object: KubeObject): boolean {
  if (object.metadata.labels?.[sourceLabel] !== source) return false;
  const { metadata } = lastApplied(object);
  if (!isObject(metadata)) return false;
  return metadata['name'] === object.metadata.name && metadata['namespace'] === object.metadata.namespace;
}

/** What the source wrote last; empty when there is no record or somebody spoiled it. */
function lastApplied(object: KubeObject): Readonly<Record<string, unknown>> {
  const text = object.metadata.annotations?.[appliedAnnotation];
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** What goes makes room first; what others need comes before them; a namespace is the first to come and the last to go. */
function rankOf({ type, kind }: SourceChange): number {
  const isNamespace = kind.resource === 'namespaces';
  const isPod = kind.resource === 'pods';
  if (type === 'delete') return isNamespace ? 9 : isPod ? 0 : 1;
  return isNamespace ? 2 : isPod ? 4 : 3;
}
