/**
 * An object as the two parts in which the store keeps it (design D5): what was asked
 * for, and what was seen. The field `managedFields` is split too: a manager that only writes the
 * status (the agent, every few seconds) must not cost a write to flash.
 */
import type { KubeObject, ManagedFieldsEntry } from '../../api/meta.ts';
import type { KindDescription } from '../../api/schema/kind.ts';
import type { Entry } from '../../store/store.ts';
import { withoutStaleReadiness } from './earlier-boot.ts';

export interface Parts {
  readonly intent?: string;
  readonly observation?: string;
}

interface Observation {
  readonly status?: unknown;
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

const isOfStatus = (entry: ManagedFieldsEntry): boolean => entry.subresource === 'status';

/** The texts to store. The revision is the store's own and is never part of them. */
export function encodeObject(kind: Pick<KindDescription, 'storage' | 'storedAs'>, given: KubeObject): Parts {
  const object = kind.storedAs?.toStored(given) ?? given;
  const { resourceVersion: _, ...metadata } = object.metadata;
  if (kind.storage !== 'split') {
    const text = JSON.stringify({ ...object, metadata });
    return kind.storage === 'observation' ? { observation: text } : { intent: text };
  }
  const { status, ...rest } = object;
  const managedFields = metadata.managedFields ?? [];
  const ofIntent = managedFields.filter((entry) => !isOfStatus(entry));
  const ofStatus = managedFields.filter(isOfStatus);
  const { managedFields: __, ...plainMetadata } = metadata;
  const intent = {
    ...rest,
    metadata: ofIntent.length > 0 ? { ...plainMetadata, managedFields: ofIntent } : plainMetadata,
  };
  const observation: Observation = { status, ...(ofStatus.length > 0 ? { managedFields: ofStatus } : {}) };
  const hasObservation = status !== undefined || ofStatus.length > 0;
  return { intent: JSON.stringify(intent), ...(hasObservation ? { observation: JSON.stringify(observation) } : {}) };
}

/** The object of an entry, with the entry's revision as its resourceVersion. */
export function decodeEntry(
  kind: Pick<KindDescription, 'storage' | 'initialStatus' | 'storedAs'>,
  entry: Entry,
): KubeObject {
  const isSplit = kind.storage === 'split';
  const object = JSON.parse((isSplit ? entry.intent : (entry.intent ?? entry.observation)) ?? '{}') as KubeObject;
  const observation: Observation =
    isSplit && entry.observation !== undefined ? (JSON.parse(entry.observation) as Observation) : {};
  const managedFields = [...(object.metadata.managedFields ?? []), ...(observation.managedFields ?? [])];
  const seen = entry.observationIsFromEarlierBoot ? withoutStaleReadiness(observation.status) : observation.status;
  // Observations end with the boot: until the first look the status is that of a new object.
  const status = seen ?? (isSplit ? (kind.initialStatus ?? {}) : undefined);
  const { apiVersion, kind: kindName, metadata, ...rest } = object;
  const stored = {
    apiVersion,
    kind: kindName,
    metadata: {
      ...metadata,
      resourceVersion: String(entry.revision),
      ...(managedFields.length > 0 ? { managedFields } : {}),
    },
    ...rest,
    ...(status === undefined ? {} : { status }),
  };
  return kind.storedAs?.fromStored(stored) ?? stored;
}
