/**
 * Label selectors: the text form (`app=web,tier in (a,b)`), the object form (`matchLabels`,
 * `matchExpressions`), and what they select.
 */
import { StatusError } from '../lib/status-error.ts';
import { type LabelSelector, type Labels, makeRequirement } from './label-requirement.ts';

export { type LabelSelector, type Labels, matchesLabels } from './label-requirement.ts';
export { parseLabelSelector } from './label-selector-parser.ts';

/** `metav1.LabelSelector`. */
export interface LabelSelectorObject {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** What an absent selector object selects: nothing, while `{}` selects everything. */
const nothing: LabelSelector = [{ key: 'none', operator: 'In', values: [] }];

/**
 * The selector that a `metav1.LabelSelector` object means.
 *
 * @throws StatusError `Invalid` for an unknown operator or malformed keys and values
 */
export function labelSelectorFromObject(object: LabelSelectorObject | undefined): LabelSelector {
  if (object === undefined) return nothing;
  const equalities = Object.entries(object.matchLabels ?? {}).map(([key, value]) =>
    makeRequirement(key, 'In', [value]),
  );
  const expressions = (object.matchExpressions ?? []).map(({ key, operator, values }) => {
    if (!isObjectOperator(operator)) {
      throw new StatusError('Invalid', `${JSON.stringify(operator)} is not a valid label selector operator`);
    }
    return makeRequirement(key, operator, values ?? []);
  });
  return [...equalities, ...expressions];
}

function isObjectOperator(operator: string): operator is 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' {
  return ['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator);
}

/** The selector as text, as kubectl prints it and as `labelSelector=` takes it: `app=web,tier in (a,b)`, keys in order. */
export function formatLabelSelector(object: LabelSelectorObject | undefined): string {
  const equalities = Object.entries(object?.matchLabels ?? {}).map(([key, value]) => ({
    key,
    text: `${key}=${value}`,
  }));
  const expressions = (object?.matchExpressions ?? []).map(({ key, operator, values = [] }) => ({
    key,
    text: formatExpression(key, operator, values),
  }));
  return [...equalities, ...expressions]
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ text }) => text)
    .join(',');
}

function formatExpression(key: string, operator: string, values: readonly string[]): string {
  switch (operator) {
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.toSorted().join(',')})`;
  }
}
