/** One requirement of a label selector: when it is well formed, and what it matches. */
import { StatusError } from '../lib/status-error.ts';
import { checkLabelValue, checkQualifiedName } from './names.ts';

export type Labels = Readonly<Record<string, string>>;

export type LabelOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  /** `In` and `NotIn`: any of them; `Gt` and `Lt`: one whole number; else empty. */
  readonly values: readonly string[];
}

/** All requirements must hold; without any, everything matches. */
export type LabelSelector = readonly LabelRequirement[];

/** Whether an object with `labels` is selected. */
export function matchesLabels(selector: LabelSelector, labels: Labels | undefined): boolean {
  return selector.every((requirement) => holds(requirement, labels ?? {}));
}

/** An absent key satisfies NotIn and DoesNotExist, and nothing else. */
function holds({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt':
      return value !== undefined && compares(operator, value, values[0] ?? '');
  }
}

/** Labels that are no whole numbers are neither greater nor less. */
function compares(operator: 'Gt' | 'Lt', value: string, bound: string): boolean {
  if (!isInteger(value) || !isInteger(bound)) return false;
  return operator === 'Gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
}

/** A 64-bit whole number, as Go's ParseInt takes it. */
function isInteger(text: string): boolean {
  return /^-?[0-9]{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

/** @throws StatusError `Invalid` in Kubernetes' words for a requirement that cannot be */
export function makeRequirement(key: string, operator: LabelOperator, values: readonly string[]): LabelRequirement {
  const problem = keyProblem(key) ?? arityProblem(operator, values) ?? valueProblem(key, values);
  if (problem !== undefined) throw new StatusError('Invalid', problem);
  return { key, operator, values };
}

/** What is wrong with a label key, if anything. */
export function keyProblem(key: string): string | undefined {
  const [complaint] = checkQualifiedName(key);
  return complaint === undefined ? undefined : `key: Invalid value: ${JSON.stringify(key)}: ${complaint}`;
}

function arityProblem(operator: LabelOperator, values: readonly string[]): string | undefined {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0
        ? undefined
        : "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty";
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0
        ? undefined
        : `values: Invalid value: ${JSON.stringify(values)}: values set must be empty for exists and does not exist`;
    case 'Gt':
    case 'Lt':
      return values.length === 1 && isInteger(values[0] ?? '')
        ? undefined
        : `values[0]: Invalid value: ${JSON.stringify(values[0] ?? '')}: for 'Gt', 'Lt' operators, the value must be an integer`;
  }
}

function valueProblem(key: string, values: readonly string[]): string | undefined {
  for (const [index, value] of values.entries()) {
    const [complaint] = checkLabelValue(value);
    if (complaint !== undefined)
      return `values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${complaint}`;
  }
  return undefined;
}
