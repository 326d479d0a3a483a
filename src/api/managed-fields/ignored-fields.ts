/** Fields that nobody owns, because the server keeps them or the endpoint does not write them. */
import { difference, emptySet, type FieldSet, fieldSet, setOfPath, union, withoutElement } from './field-set.ts';

/** As in k8s.io/apimachinery's stripmeta. `metadata` itself is nobody's; most of what is in it has owners. */
const serverKept: FieldSet = [
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ['f:metadata', 'f:name'],
  ['f:metadata', 'f:namespace'],
  ['f:metadata', 'f:creationTimestamp'],
  ['f:metadata', 'f:selfLink'],
  ['f:metadata', 'f:uid'],
  ['f:metadata', 'f:clusterName'],
  ['f:metadata', 'f:generation'],
  ['f:metadata', 'f:managedFields'],
  ['f:metadata', 'f:resourceVersion'],
].reduce((set, path) => union(set, setOfPath(path)), emptySet);

/** The set without fields that are never owned. */
export function withoutServerKept(set: FieldSet): FieldSet {
  return difference(set, serverKept);
}

/**
 * The set without what a write through this endpoint leaves alone: status on the main resource, spec on `status`.
 *
 * @param kept metadata that a write to `status` leaves alone too (`KindDescription.metadataKeptByStatus`)
 */
export function withoutUnwritten(set: FieldSet, subresource: string, kept: readonly string[] = []): FieldSet {
  if (subresource === '') return withoutElement(set, 'f:status');
  if (subresource !== 'status') return set;
  const children = [...set.children].map(([element, child]) => {
    const isMetadata = element === 'f:metadata';
    return [
      element,
      isMetadata ? kept.reduce((left, field) => withoutElement(left, `f:${field}`), child) : child,
    ] as const;
  });
  return withoutElement(fieldSet(set.member, children), 'f:spec');
}
