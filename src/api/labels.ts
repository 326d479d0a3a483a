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
