/** Rules for nodes. */
import { isDeepStrictEqual } from 'node:util';
import { checkLabelValue, checkQualifiedName } from '../../names.ts';
import { duplicateValue, forbidden, invalidValue } from '../../schema/field-error.ts';
import type { FieldError } from '../../schema/kind.ts';
import { complaints } from '../common/checks.ts';
import { validateMetadata, validateMetadataUpdate } from '../common/metadata-validation.ts';
import type { Node, Taint } from './types.ts';

export function validateNode(node: Node): FieldError[] {
  const { podCIDR, podCIDRs = [], taints = [] } = node.spec;
  return [
    ...validateMetadata(node.metadata, { namespaced: false }),
    ...validateTaints(taints),
    ...(podCIDR && podCIDRs.length > 0 && podCIDRs[0] !== podCIDR
      ? [invalidValue('spec.podCIDRs[0]', podCIDRs[0], 'must be the same as spec.podCIDR')]
      : []),
  ];
}

/** Addresses of pods and the provider's name for the node are given once. */
export function validateNodeUpdate(next: Node, previous: Node): FieldError[] {
  const mayNot = (field: string): FieldError[] => [
    forbidden(`spec.${field}`, `node updates may not change ${field} except from "" to valid`),
  ];
  const { spec: before } = previous;
  const { spec: after } = next;
  const oldCidrs = before.podCIDRs ?? [];
  return [
    ...validateMetadataUpdate(next.metadata, previous.metadata),
    ...(before.podCIDR && after.podCIDR !== before.podCIDR ? mayNot('podCIDR') : []),
    ...(oldCidrs.length > 0 && !isDeepStrictEqual(after.podCIDRs ?? [], oldCidrs) ? mayNot('podCIDRs') : []),
    ...(before.providerID && after.providerID !== before.providerID ? mayNot('providerID') : []),
  ];
}

function validateTaints(taints: readonly Taint[]): FieldError[] {
  const path = 'spec.taints';
  const seen = new Set<string>();
  return taints.flatMap(({ key = '', value = '', effect = '' }, index) => {
    const identity = `${key} ${effect}`;
    const isRepeated = seen.has(identity);
    seen.add(identity);
    return [
      ...(key === '' ? [] : complaints(`${path}[${index}].key`, key, checkQualifiedName(key))),
      ...complaints(`${path}[${index}].value`, value, checkLabelValue(value)),
      ...(isRepeated ? [duplicateValue(`${path}[${index}]`, { key, effect })] : []),
    ];
  });
}
