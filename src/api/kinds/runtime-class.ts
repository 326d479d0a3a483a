/** `node.k8s.io/v1` RuntimeClass: another way to run a pod's containers, and what it costs. */

import { checkDnsLabel } from '../names.ts';
import { list, map, message, object, required, scalars, string } from '../schema/field.ts';
import { invalidValue } from '../schema/field-error.ts';
import { allVerbs, type FieldError, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { complaints } from './common/checks.ts';
import { age, ageColumn, column, nameColumn } from './common/columns.ts';
import { validateMetadata, validateMetadataUpdate } from './common/metadata-validation.ts';
import { metadata } from './common/object-fields.ts';
import { toleration } from './pod/fields/scheduling.ts';

const overhead = message('io.k8s.api.node.v1.Overhead', {
  podFixed: map(1, scalars.quantity, { doc: 'What a pod takes beside its containers.' }),
});

const scheduling = message('io.k8s.api.node.v1.Scheduling', {
  nodeSelector: map(1, scalars.string, { atomic: true, doc: 'Added to that of pods of this class.' }),
  tolerations: list(2, toleration, { doc: 'Added to those of pods of this class.' }),
});

/** `node.k8s.io/v1` RuntimeClass. */
export const runtimeClassFields = message('io.k8s.api.node.v1.RuntimeClass', {
  metadata,
  handler: required(string(2, { doc: "Name in containerd's configuration of what runs the pod." })),
  overhead: object(3, overhead),
  scheduling: object(4, scheduling),
});

export type RuntimeClass = ObjectOfKind<typeof runtimeClassFields>;

export const runtimeClassKind: KindDescription<typeof runtimeClassFields, RuntimeClass> = {
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  resource: 'runtimeclasses',
  singular: 'runtimeclass',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  fields: runtimeClassFields,
  storage: 'intent',
  hasGeneration: false,
  validate: (runtimeClass) => [
    ...validateMetadata(runtimeClass.metadata, { namespaced: false }),
    ...(runtimeClass.handler ? complaints('handler', runtimeClass.handler, checkDnsLabel(runtimeClass.handler)) : []),
  ],
  validateUpdate,
  columns: [nameColumn, column('Handler', 'string', 'What runs its pods.'), ageColumn],
  row: (runtimeClass, nowMs) => [runtimeClass.metadata.name ?? '', runtimeClass.handler, age(runtimeClass, nowMs)],
  selectableFields: {},
};

function validateUpdate(next: RuntimeClass, previous: RuntimeClass): FieldError[] {
  return [
    ...validateMetadataUpdate(next.metadata, previous.metadata),
    ...(next.handler === previous.handler ? [] : [invalidValue('handler', next.handler, 'field is immutable')]),
  ];
}
