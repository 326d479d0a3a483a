/**
 * One sentence for each field and kind, for `kubectl explain`. They stand apart from the field tables, for they are
 * needed when Eliot is built and would only take memory on a device.
 */
import { fieldDescriptions, scalarDescriptions } from './descriptions/common.ts';
import { containerDescriptions } from './descriptions/containers.ts';
import type { Descriptions } from './descriptions/descriptions.ts';
import { kindDescriptions } from './descriptions/kinds.ts';
import { nodeDescriptions } from './descriptions/nodes.ts';
import { otherDescriptions } from './descriptions/others.ts';
import { podStatusDescriptions } from './descriptions/pod-status.ts';
import { podDescriptions } from './descriptions/pods.ts';
import { serviceDescriptions } from './descriptions/services.ts';
import { volumeDescriptions } from './descriptions/volumes.ts';

/** All tables of fields. */
export const describedTypes: Descriptions = {
  ...containerDescriptions,
  ...nodeDescriptions,
  ...otherDescriptions,
  ...podDescriptions,
  ...podStatusDescriptions,
  ...serviceDescriptions,
  ...volumeDescriptions,
};

/** What a type is; undefined for parts that say enough by their field. */
export function describeType(name: string): string | undefined {
  return ownEntry(kindDescriptions, shortName(name)) ?? ownEntry(scalarDescriptions, name);
}

/** What a field is, when its table does not say so itself: by its type, else by its name alone. */
export function describeField(typeName: string, field: string): string | undefined {
  const ofType = ownEntry(describedTypes, shortName(typeName));
  return (ofType && ownEntry(ofType, field)) ?? ownEntry(fieldDescriptions, field);
}

/** `core.v1.Pod` for `io.k8s.api.core.v1.Pod`. */
export function shortName(typeName: string): string {
  return typeName.replace(/^io\.k8s\.(?:api|apimachinery\.pkg\.apis|metrics\.pkg\.apis)\./, '');
}

function ownEntry<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
