/** `v1.Namespace`: a room for names; deleting it deletes what is in it. */

import { checkDnsLabel, checkQualifiedName } from '../names.ts';
import { list, listMap, message, required, scalars, string, time } from '../schema/field.ts';
import { invalidValue } from '../schema/field-error.ts';
import { allVerbs, type FieldError, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { complaints } from './common/checks.ts';
import { age, ageColumn, column, nameColumn } from './common/columns.ts';
import { validateMetadata, validateMetadataUpdate } from './common/metadata-validation.ts';
import { always, metadata } from './common/object-fields.ts';

const namespaceSpec = message('io.k8s.api.core.v1.NamespaceSpec', {
  finalizers: list(1, scalars.string, { doc: 'Must be empty before the namespace is removed.' }),
});

const namespaceCondition = message('io.k8s.api.core.v1.NamespaceCondition', {
  type: required(string(1)),
  status: required(string(2)),
  lastTransitionTime: time(4),
  reason: string(5),
  message: string(6),
});

const namespaceStatus = message('io.k8s.api.core.v1.NamespaceStatus', {
  phase: string(1, { doc: 'Active or Terminating.' }),
  conditions: listMap(2, namespaceCondition, ['type']),
});

/** `v1.Namespace`. */
export const namespaceFields = message('io.k8s.api.core.v1.Namespace', {
  metadata,
  spec: always(2, namespaceSpec),
  status: always(3, namespaceStatus),
});

export type Namespace = ObjectOfKind<typeof namespaceFields>;
export type NamespaceStatus = Namespace['status'];
export type NamespaceCondition = NonNullable<NamespaceStatus['conditions']>[number];

/** The finalizer that the namespace controller removes when the namespace is empty. */
export const namespaceFinalizer = 'kubernetes';

/** The label that carries every namespace's own name, for selectors. */
const namespaceNameLabel = 'kubernetes.io/metadata.name';

export const namespaceKind: KindDescription<typeof namespaceFields, Namespace> = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  resource: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  categories: [],
  namespaced: false,
  verbs: allVerbs.filter((verb) => verb !== 'deletecollection'),
  subresources: [
    { name: 'finalize', verbs: ['update'], kind: 'Namespace' },
    { name: 'status', verbs: ['get', 'patch', 'update'], kind: 'Namespace' },
  ],
  fields: namespaceFields,
  storage: 'intent',
  hasGeneration: false,
  normalize: labelWithName,
  prepareForCreate: (namespace) => {
    const labelled = labelWithName(namespace);
    const finalizers = labelled.spec.finalizers ?? [];
    return {
      ...labelled,
      spec: {
        ...labelled.spec,
        finalizers: finalizers.includes(namespaceFinalizer) ? finalizers : [...finalizers, namespaceFinalizer],
      },
      status: { phase: 'Active' },
    };
  },
  // Finalizers change by the subresource `finalize` only.
  prepareForUpdate: (next, previous) => ({ ...next, spec: previous.spec }),
  validate: validateNamespace,
  validateUpdate: validateNamespaceUpdate,
  columns: [nameColumn, column('Status', 'string', 'Active, or Terminating while it is deleted.'), ageColumn],
  row: (namespace, nowMs) => [namespace.metadata.name ?? '', namespace.status.phase ?? '', age(namespace, nowMs)],
  selectableFields: {
    // Kubernetes' selector also knows `name`, an old form of metadata.name.
    name: (namespace) => namespace.metadata.name ?? '',
    'status.phase': (namespace) => namespace.status.phase ?? '',
  },
};

function labelWithName(namespace: Namespace): Namespace {
  const { name, labels } = namespace.metadata;
  if (!name || labels?.[namespaceNameLabel] === name) return namespace;
  return { ...namespace, metadata: { ...namespace.metadata, labels: { ...labels, [namespaceNameLabel]: name } } };
}

/** Finalizers that need no domain before their name. */
const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion'];

function validateNamespace(namespace: Namespace): FieldError[] {
  return [
    ...validateMetadata(namespace.metadata, { namespaced: false, checkName: checkDnsLabel }),
    ...(namespace.spec.finalizers ?? []).flatMap(validateFinalizer),
  ];
}

/** The phase follows from deletion; nobody may set it otherwise (ValidateNamespaceStatusUpdate). */
function validateNamespaceUpdate(next: Namespace, previous: Namespace): FieldError[] {
  const { phase } = next.status;
  const due = next.metadata.deletionTimestamp === undefined ? 'Active' : 'Terminating';
  const condition = due === 'Active' ? 'empty' : 'not empty';
  return [
    ...validateMetadataUpdate(next.metadata, previous.metadata),
    ...(phase === undefined || phase === due || phase === previous.status.phase
      ? []
      : [invalidValue('status.phase', phase, `may only be '${due}' if \`deletionTimestamp\` is ${condition}`)]),
  ];
}

function validateFinalizer(finalizer: string): FieldError[] {
  const path = 'spec.finalizers';
  const problems = checkQualifiedName(finalizer);
  if (problems.length > 0) return complaints(path, finalizer, problems);
  if (finalizer.includes('/') || standardFinalizers.includes(finalizer)) return [];
  return [invalidValue(path, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')];
}
