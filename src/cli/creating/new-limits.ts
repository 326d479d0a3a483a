/** Quotas and disruption budgets as `eli create` makes them, in kubectl's form. Pure. */
import type { LabelRequirement } from '../../api/label-requirement.ts';
import { parseLabelSelector } from '../../api/label-selector-parser.ts';
import type { KubeObject } from '../../api/meta.ts';
import { canonicalQuantity } from '../../api/quantity.ts';
import { UsageError } from '../usage-error.ts';

/**
 * @param hard `cpu=1,pods=2`
 * @param scopes `BestEffort,Terminating`
 * @throws UsageError for what is no list of quantities
 */
export function newQuota(name: string, hard: string | undefined, scopes: string | undefined): KubeObject {
  const limits = parseHard(hard ?? '');
  const scopeList = (scopes ?? '').split(',').filter((scope) => scope !== '');
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name },
    spec: {
      ...(Object.keys(limits).length === 0 ? {} : { hard: limits }),
      ...(scopeList.length === 0 ? {} : { scopes: scopeList }),
    },
    status: {},
  };
}

function parseHard(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [resource = '', amount, ...more] = pair.split('=');
      if (amount === undefined || more.length > 0) {
        throw new UsageError(`Invalid argument syntax ${pair}, expected <resource>=<value>`);
      }
      const quantity = canonicalQuantity(amount);
      if ('problem' in quantity) throw new UsageError(quantity.problem);
      return [resource, quantity.text];
    }),
  );
}

export interface NewBudget {
  readonly selector: string | undefined;
  /** Pods, or `50%` of them. One of the two is given. */
  readonly minAvailable: string | undefined;
  readonly maxUnavailable: string | undefined;
}

/** @throws UsageError when something is missing, contradicts, or cannot be read */
export function newBudget(name: string, { selector, minAvailable, maxUnavailable }: NewBudget): KubeObject {
  if (!selector) throw new UsageError('a selector must be specified');
  if (!minAvailable && !maxUnavailable) {
    throw new UsageError('one of min-available or max-unavailable must be specified');
  }
  if (minAvailable && maxUnavailable) {
    throw new UsageError('min-available and max-unavailable cannot be both specified');
  }
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name },
    spec: {
      ...(minAvailable ? { minAvailable: parseShare(minAvailable, 'min-available') } : {}),
      ...(maxUnavailable ? { maxUnavailable: parseShare(maxUnavailable, 'max-unavailable') } : {}),
      selector: selectorOf(selector),
    },
    status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
  };
}

function parseShare(text: string, flag: string): number | string {
  if (/^\d+$/.test(text)) return Number(text);
  if (/^\d+%$/.test(text)) return text;
  throw new UsageError(`invalid format specified for ${flag}`, 'a number of pods, or a share of them: 50%');
}

/** A `LabelSelector` that means what the text says. */
function selectorOf(text: string): object {
  const requirements = parse(text);
  const isPlain = ({ operator, values }: LabelRequirement): boolean => operator === 'In' && values.length === 1;
  const labels = requirements.filter(isPlain).map(({ key, values: [value] }) => [key, value] as const);
  const expressions = requirements
    .filter((requirement) => !isPlain(requirement))
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ key, operator, values }) => ({ key, operator, ...(values.length === 0 ? {} : { values }) }));
  const unknown = requirements.find(({ operator }) => operator === 'Gt' || operator === 'Lt');
  if (unknown) throw new UsageError(`"${unknown.operator.toLowerCase()}" isn't supported in label selectors`);
  return {
    ...(expressions.length === 0 ? {} : { matchExpressions: expressions }),
    ...(labels.length === 0 ? {} : { matchLabels: Object.fromEntries(labels) }),
  };
}

function parse(text: string): readonly LabelRequirement[] {
  try {
    return parseLabelSelector(text);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new UsageError(`couldn't parse the selector string "${text}": ${why}`, undefined, { cause });
  }
}
