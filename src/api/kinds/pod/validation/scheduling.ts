/** Rules for where a pod may run. */
import { checkDnsLabel, checkDnsSubdomain, checkLabelValue, checkQualifiedName } from '../../../names.ts';
import { invalidValue, requiredValue, unsupportedValue } from '../../../schema/field-error.ts';
import type { FieldError } from '../../../schema/kind.ts';
import { complaints } from '../../common/checks.ts';
import { validateLabelSelector, validateOperator } from '../../common/labels-validation.ts';
import type { Affinity, PodSpec, Toleration } from '../types.ts';

type NodeAffinity = NonNullable<Affinity['nodeAffinity']>;
type NodeSelector = NonNullable<NodeAffinity['requiredDuringSchedulingIgnoredDuringExecution']>;
type NodeSelectorTerm = NonNullable<NodeSelector['nodeSelectorTerms']>[number];
type Requirement = NonNullable<NodeSelectorTerm['matchExpressions']>[number];
type PodAffinity = NonNullable<Affinity['podAffinity']>;
type PodAffinityTerm = NonNullable<PodAffinity['requiredDuringSchedulingIgnoredDuringExecution']>[number];
type TopologySpread = NonNullable<PodSpec['topologySpreadConstraints']>[number];

const requiredTerms = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferredTerms = 'preferredDuringSchedulingIgnoredDuringExecution';
const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateTolerations(tolerations: readonly Toleration[], path: string): FieldError[] {
  return tolerations.flatMap((toleration, index) => {
    const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
    const at = `${path}[${index}]`;
    return [
      ...(key === '' ? [] : complaints(`${at}.key`, key, checkQualifiedName(key))),
      ...(key === '' && operator !== 'Exists'
        ? [
            invalidValue(
              `${at}.operator`,
              operator,
              'operator must be Exists when `key` is empty, which means "match all values and all keys"',
            ),
          ]
        : []),
      ...(tolerationSeconds !== undefined && effect !== 'NoExecute'
        ? [invalidValue(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")]
        : []),
      ...validateTolerationOperator(operator, value, `${at}.operator`),
      ...(effect === '' || taintEffects.includes(effect)
        ? []
        : [unsupportedValue(`${at}.effect`, effect, taintEffects)]),
    ];
  });
}

function validateTolerationOperator(operator: string, value: string, at: string): FieldError[] {
  switch (operator) {
    case '':
    case 'Equal': {
      const problems = checkLabelValue(value);
      return problems.length === 0 ? [] : [invalidValue(at, value, problems.join(';'))];
    }
    case 'Exists':
      return value === '' ? [] : [invalidValue(at, value, "value must be empty when `operator` is 'Exists'")];
    default:
      return [unsupportedValue(at, operator, ['Equal', 'Exists'])];
  }
}

export function validateAffinity(affinity: Affinity | undefined, path: string): FieldError[] {
  return [
    ...validateNodeAffinity(affinity?.nodeAffinity ?? {}, `${path}.nodeAffinity`),
    ...validatePodAffinity(affinity?.podAffinity ?? {}, `${path}.podAffinity`),
    ...validatePodAffinity(affinity?.podAntiAffinity ?? {}, `${path}.podAntiAffinity`),
  ];
}

function validateNodeAffinity(affinity: NodeAffinity, path: string): FieldError[] {
  const selector = affinity[requiredTerms];
  return [
    ...(selector?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      validateNodeTerm(term, true, `${path}.${requiredTerms}.nodeSelectorTerms[${index}]`),
    ),
    ...(affinity[preferredTerms] ?? []).flatMap(({ weight, preference }, index) => {
      const at = `${path}.${preferredTerms}[${index}]`;
      return [...validateWeight(weight, at), ...validateNodeTerm(preference ?? {}, false, `${at}.preference`)];
    }),
  ];
}

/** Values of preferences are not checked: one that fits no label does no harm. */
function validateNodeTerm(term: NodeSelectorTerm, checkValues: boolean, path: string): FieldError[] {
  return [
    ...(term.matchExpressions ?? []).flatMap((requirement, index) =>
      validateRequirement(requirement, checkValues, `${path}.matchExpressions[${index}]`),
    ),
    ...(term.matchFields ?? []).flatMap((requirement, index) =>
      validateFieldRequirement(requirement, `${path}.matchFields[${index}]`),
    ),
  ];
}

function validateRequirement(
  { key = '', operator, values = [] }: Requirement,
  checkValues: boolean,
  path: string,
): FieldError[] {
  return [
    ...validateNodeOperator(operator, values, path),
    ...(key === '' ? [] : complaints(`${path}.key`, key, checkQualifiedName(key))),
    ...(checkValues
      ? values.flatMap((value, index) => complaints(`${path}.values[${index}]`, value, checkLabelValue(value)))
      : []),
  ];
}

/** As label selectors, and two operators that compare numbers. */
function validateNodeOperator(operator: string, values: readonly string[], path: string): FieldError[] {
  if (operator !== 'Gt' && operator !== 'Lt') return validateOperator(operator, values, path);
  if (values.length === 1) return [];
  return [requiredValue(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'")];
}

/** The only field of a node that can be asked for is its name. */
function validateFieldRequirement({ key = '', operator, values = [] }: Requirement, path: string): FieldError[] {
  const isSet = operator === 'In' || operator === 'NotIn';
  return [
    ...(operator && !isSet ? [invalidValue(`${path}.operator`, operator, 'not a valid selector operator')] : []),
    ...(isSet && values.length !== 1
      ? [
          requiredValue(
            `${path}.values`,
            "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
          ),
        ]
      : []),
    ...(key === '' || key === 'metadata.name'
      ? values.flatMap((value, index) => complaints(`${path}.values[${index}]`, value, checkDnsSubdomain(value)))
      : [invalidValue(`${path}.key`, key, 'not a valid field selector key')]),
  ];
}

function validatePodAffinity(affinity: PodAffinity, path: string): FieldError[] {
  return [
    ...(affinity[requiredTerms] ?? []).flatMap((term, index) =>
      validatePodTerm(term, `${path}.${requiredTerms}[${index}]`),
    ),
    ...(affinity[preferredTerms] ?? []).flatMap(({ weight, podAffinityTerm }, index) => {
      const at = `${path}.${preferredTerms}[${index}]`;
      const term = podAffinityTerm === undefined ? [] : validatePodTerm(podAffinityTerm, `${at}.podAffinityTerm`);
      return [...validateWeight(weight, at), ...term];
    }),
  ];
}

function validatePodTerm(term: PodAffinityTerm, path: string): FieldError[] {
  const { topologyKey = '' } = term;
  return [
    ...validateLabelSelector(term.labelSelector, `${path}.labelSelector`),
    ...validateLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`),
    ...(term.namespaces ?? []).flatMap((name) => complaints(`${path}.namespace`, name, checkDnsLabel(name))),
    ...(topologyKey === '' ? [] : complaints(`${path}.topologyKey`, topologyKey, checkQualifiedName(topologyKey))),
  ];
}

function validateWeight(weight: number | undefined, path: string): FieldError[] {
  if (weight === undefined || (weight >= 1 && weight <= 100)) return [];
  return [invalidValue(`${path}.weight`, weight, 'must be in the range 1-100')];
}

export function validateTopologySpread(constraints: readonly TopologySpread[], path: string): FieldError[] {
  return constraints.flatMap(({ maxSkew, minDomains, topologyKey = '', whenUnsatisfiable, labelSelector }, index) => {
    const at = `${path}[${index}]`;
    return [
      ...(maxSkew !== undefined && maxSkew <= 0
        ? [invalidValue(`${at}.maxSkew`, maxSkew, 'must be greater than zero')]
        : []),
      ...(minDomains !== undefined && minDomains <= 0
        ? [invalidValue(`${at}.minDomains`, minDomains, 'must be greater than zero')]
        : []),
      ...(minDomains !== undefined && whenUnsatisfiable === 'ScheduleAnyway'
        ? [
            invalidValue(
              `${at}.minDomains`,
              minDomains,
              'can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
            ),
          ]
        : []),
      ...(topologyKey === '' ? [] : complaints(`${at}.topologyKey`, topologyKey, checkQualifiedName(topologyKey))),
      ...validateLabelSelector(labelSelector, `${at}.labelSelector`),
    ];
  });
}
