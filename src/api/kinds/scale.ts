/**
 * `autoscaling/v1` Scale: the number of replicas of something, as its subresource `scale`. It is sent and answered
 * by itself but never stored: reading and writing it reads and writes the object it belongs to.
 */
import { formatLabelSelector, type LabelSelectorObject } from '../labels.ts';
import type { KubeObject } from '../meta.ts';
import { int32, message, string } from '../schema/field.ts';
import type { KindDescription, ObjectOfKind, ScaleAccess, Subresource } from '../schema/kind.ts';
import { checkNonNegative, complaints } from './common/checks.ts';
import { age, ageColumn, column, nameColumn } from './common/columns.ts';
import { always, metadata } from './common/object-fields.ts';

const scaleSpec = message('io.k8s.api.autoscaling.v1.ScaleSpec', {
  replicas: int32(1, { doc: 'How many are wanted.' }),
});

const scaleStatus = message('io.k8s.api.autoscaling.v1.ScaleStatus', {
  replicas: int32(1, { doc: 'How many there are.' }),
  selector: string(2, { doc: 'Which pods they are, as a label selector.' }),
});

/** `autoscaling/v1` Scale. */
export const scaleFields = message('io.k8s.api.autoscaling.v1.Scale', {
  metadata,
  spec: always(2, scaleSpec, 'What is wanted.'),
  status: always(3, scaleStatus, 'What was observed last.'),
});

export type Scale = ObjectOfKind<typeof scaleFields>;

/** Stands in no list of served kinds: it has no URL of its own. */
export const scaleKind: KindDescription<typeof scaleFields, Scale> = {
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  resource: 'scales',
  singular: 'scale',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: [],
  subresources: [],
  fields: scaleFields,
  storage: 'none',
  hasGeneration: false,
  validate: ({ spec }) => complaints('spec.replicas', spec.replicas, checkNonNegative(spec.replicas ?? 0)),
  validateUpdate: () => [],
  columns: [
    nameColumn,
    column('Desired', 'integer', 'How many are wanted.'),
    column('Available', 'integer', 'How many there are.'),
    ageColumn,
  ],
  row: (scale, nowMs) => [
    scale.metadata.name ?? '',
    scale.spec.replicas ?? 0,
    scale.status.replicas ?? 0,
    age(scale, nowMs),
  ],
  selectableFields: {},
};

/** The entry in a kind's `subresources`. */
export const scaleSubresource: Subresource = {
  name: 'scale',
  verbs: ['get', 'patch', 'update'],
  kind: scaleKind.kind,
  group: scaleKind.group,
  version: scaleKind.version,
};

interface Replicated extends KubeObject {
  readonly spec: { readonly replicas: number; readonly selector: LabelSelectorObject };
  readonly status: { readonly replicas?: number };
}

/** Scale of a kind whose numbers stand in `spec.replicas` and `status.replicas`. */
export const replicasScale: ScaleAccess<Replicated> = {
  read: ({ spec, status }) => ({
    wanted: spec.replicas,
    found: status.replicas ?? 0,
    selector: formatLabelSelector(spec.selector),
  }),
  write: (object, replicas) => ({ ...object, spec: { ...object.spec, replicas } }),
};
