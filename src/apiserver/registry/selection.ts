/** Which objects of a kind a list or a watch is about. */
import { type FieldRequirement, parseFieldSelector } from '../../api/field-selector.ts';
import { matchesLabels, parseLabelSelector } from '../../api/labels.ts';
import type { KubeObject } from '../../api/meta.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { AnyKind } from './context.ts';

export interface SelectionOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface Selection {
  /** The only namespace that can match, when there is one. */
  readonly namespace: string | undefined;
  /** The only name that can match, when there is one. */
  readonly name: string | undefined;
  /** True when everything in `namespace` matches, so that objects need not be looked into. */
  readonly isEverything: boolean;
  matches(object: KubeObject): boolean;
}

/** @throws StatusError BadRequest for a selector that cannot be read or a field that cannot be selected by */
export function parseSelection(kind: AnyKind, options: SelectionOptions): Selection {
  const { labelSelector = '', fieldSelector = '' } = options;
  const labels = labelSelector === '' ? undefined : parseLabelSelector(labelSelector);
  const requirements = fieldSelector === '' ? [] : parseFieldSelector(fieldSelector);
  const tests = requirements.map((requirement) => testOf(kind, requirement));
  return {
    namespace: options.namespace || equalTo(requirements, 'metadata.namespace'),
    name: equalTo(requirements, 'metadata.name'),
    isEverything: labels === undefined && tests.length === 0,
    matches: (object) =>
      (labels === undefined || matchesLabels(labels, object.metadata.labels ?? {})) &&
      tests.every((test) => test(object)),
  };
}

function equalTo(requirements: readonly FieldRequirement[], field: string): string | undefined {
  const requirement = requirements.find((each) => each.field === field && each.operator === '=');
  return requirement?.value || undefined;
}

function testOf(kind: AnyKind, requirement: FieldRequirement): (object: KubeObject) => boolean {
  const read = readerOf(kind, requirement.field);
  return requirement.operator === '='
    ? (object) => read(object) === requirement.value
    : (object) => read(object) !== requirement.value;
}

function readerOf(kind: AnyKind, field: string): (object: KubeObject) => string {
  if (field === 'metadata.name') return (object) => object.metadata.name ?? '';
  if (field === 'metadata.namespace') return (object) => object.metadata.namespace ?? '';
  const read = Object.hasOwn(kind.selectableFields, field) ? kind.selectableFields[field] : undefined;
  if (read) return read;
  const known = Object.keys(kind.selectableFields);
  throw new StatusError(
    'BadRequest',
    known.length === 0
      ? `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
      : `field label not supported: ${field}`,
  );
}
