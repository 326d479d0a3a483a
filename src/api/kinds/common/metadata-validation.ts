/** Rules for `metadata`, the same for every kind (ValidateObjectMeta, ValidateObjectMetaUpdate). */
import type { ObjectMeta, OwnerReference } from '../../meta.ts';
import { checkDnsLabel, checkDnsSubdomain, checkQualifiedName } from '../../names.ts';
import { forbidden, invalidValue, requiredValue } from '../../schema/field-error.ts';
import type { FieldError } from '../../schema/kind.ts';
import { checkNonNegative, complaints } from './checks.ts';
import { validateAnnotations, validateLabels } from './labels-validation.ts';

export interface MetadataRules {
  readonly namespaced: boolean;
  /** Which names the kind allows; DNS subdomains unless said otherwise. */
  readonly checkName?: (name: string) => string[];
}

/** Expects that a name was generated already when only a prefix was given. */
export function validateMetadata(metadata: ObjectMeta, rules: MetadataRules): FieldError[] {
  const { name = '', generateName = '', generation = 0, finalizers = [], ownerReferences = [] } = metadata;
  const checkName = rules.checkName ?? checkDnsSubdomain;
  return [
    ...(generateName === ''
      ? []
      : complaints('metadata.generateName', generateName, checkName(maskTrailingDash(generateName)))),
    ...(name === ''
      ? [requiredValue('metadata.name', 'name or generateName is required')]
      : complaints('metadata.name', name, checkName(name))),
    ...validateNamespace(metadata.namespace ?? '', rules.namespaced),
    ...complaints('metadata.generation', generation, checkNonNegative(generation)),
    ...validateLabels(metadata.labels, 'metadata.labels'),
    ...validateAnnotations(metadata.annotations, 'metadata.annotations'),
    ...validateOwners(ownerReferences),
    ...validateFinalizers(finalizers),
  ];
}

/** What of the metadata may not change. A field that the client left out counts as unchanged. */
export function validateMetadataUpdate(next: ObjectMeta, previous: ObjectMeta): FieldError[] {
  const immutable = (
    ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const
  ).filter((key) => next[key] !== undefined && next[key] !== previous[key]);
  return [
    ...(previous.deletionTimestamp === undefined ? [] : validateNoNewFinalizers(next, previous)),
    ...((next.generation ?? previous.generation ?? 0) < (previous.generation ?? 0)
      ? [invalidValue('metadata.generation', next.generation, 'must not be decremented')]
      : []),
    ...immutable.map((key) => invalidValue(`metadata.${key}`, next[key], 'field is immutable')),
  ];
}

function validateNamespace(namespace: string, namespaced: boolean): FieldError[] {
  if (!namespaced) return namespace === '' ? [] : [forbidden('metadata.namespace', 'not allowed on this type')];
  if (namespace === '') return [requiredValue('metadata.namespace')];
  return complaints('metadata.namespace', namespace, checkDnsLabel(namespace));
}

/** A prefix may end with a dash, since random characters follow. */
function maskTrailingDash(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix;
}

function validateOwners(owners: readonly OwnerReference[]): FieldError[] {
  const path = 'metadata.ownerReferences';
  const controllers = owners.filter((owner) => owner.controller === true);
  const [first, second] = controllers.map(({ kind, name }) => `${kind}/${name}`);
  return [
    ...owners.flatMap((owner) => [
      ...(owner.apiVersion ? [] : [invalidValue(`${path}.apiVersion`, '', 'version must not be empty')]),
      ...(['kind', 'name', 'uid'] as const)
        .filter((key) => !owner[key])
        .map((key) => invalidValue(`${path}.${key}`, '', 'must not be empty')),
      ...(owner.apiVersion === 'v1' && owner.kind === 'Event'
        ? [invalidValue(path, owner, '/v1, Kind=Event is disallowed from being an owner')]
        : []),
    ]),
    ...(second === undefined
      ? []
      : [
          invalidValue(
            path,
            owners,
            `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${second}`,
          ),
        ]),
  ];
}

function validateFinalizers(finalizers: readonly string[]): FieldError[] {
  const path = 'metadata.finalizers';
  const isContradiction = finalizers.includes('orphan') && finalizers.includes('foregroundDeletion');
  return [
    ...finalizers.flatMap((finalizer) => complaints(path, finalizer, checkQualifiedName(finalizer))),
    ...(isContradiction
      ? [invalidValue(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set')]
      : []),
  ];
}

function validateNoNewFinalizers(next: ObjectMeta, previous: ObjectMeta): FieldError[] {
  const added = (next.finalizers ?? []).filter((finalizer) => !previous.finalizers?.includes(finalizer)).sort();
  if (added.length === 0) return [];
  // The list is spelled as Go prints a slice of strings.
  const list = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`;
  return [
    forbidden(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`,
    ),
  ];
}
