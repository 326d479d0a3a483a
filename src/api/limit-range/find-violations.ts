/** Which bounds of a limit range a pod does not keep, in the words of Kubernetes' LimitRanger. Pure. */
import type { LimitRange, LimitRangeItem } from '../kinds/limit-range.ts';
import { podQuantities } from '../kinds/pod/requests.ts';
import type { Container, Pod } from '../kinds/pod/types.ts';
import { compareQuantities, formatQuantity, parseQuantity, type Quantity } from '../quantity.ts';

type Quantities = ReadonlyMap<string, Quantity>;

const nanosPerUnit = 1_000_000_000n;

/** What is asked for of everything: by one container, or by the pod as a whole. */
interface Asked {
  readonly requests: Quantities;
  readonly limits: Quantities;
}

/** One sentence for each bound that is broken; empty when the pod keeps all of them. */
export function findLimitViolations(pod: Pod, { spec }: LimitRange): readonly string[] {
  const found = (spec.limits ?? []).flatMap((item) => {
    switch (item.type) {
      case 'Container':
        return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].flatMap((container) =>
          violationsOf(item, askedBy(container)),
        );
      case 'Pod':
        return violationsOf(item, { requests: askedByPod(pod, 'requests'), limits: askedByPod(pod, 'limits') });
      default:
        return [];
    }
  });
  // Two containers may break the same bound in the same way.
  return [...new Set(found)];
}

function askedBy({ resources }: Container): Asked {
  const read = (amounts: Readonly<Record<string, string>> = {}): Quantities =>
    new Map(Object.entries(amounts).map(([name, text]) => [name, parseQuantity(text)]));
  return { requests: read(resources.requests), limits: read(resources.limits) };
}

/** The runtime's own overhead is not the pod's wish. */
function askedByPod(pod: Pod, list: 'requests' | 'limits'): Quantities {
  const { overhead: _, ...spec } = pod.spec;
  return podQuantities({ ...pod, spec }, list);
}

/** How the amounts of one resource break a bound; undefined when they keep it. */
type Rule = (bound: Quantity, request: Quantity | undefined, limit: Quantity | undefined) => string | undefined;

function violationsOf(item: LimitRangeItem, { requests, limits }: Asked): string[] {
  const check = (
    bounds: Readonly<Record<string, string>> = {},
    rule: Rule,
    words: (name: string) => string,
  ): string[] =>
    Object.entries(bounds)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, bound]) => {
        const problem = rule(parseQuantity(bound), requests.get(name), limits.get(name));
        return problem === undefined ? [] : [`${words(name)} per ${item.type} is ${bound}${problem}`];
      });
  return [
    ...check(item.min, belowMin, (name) => `minimum ${name} usage`),
    ...check(item.max, aboveMax, (name) => `maximum ${name} usage`),
    ...check(item.maxLimitRequestRatio, aboveRatio, (name) => `${name} max limit to request ratio`),
  ];
}

function belowMin(min: Quantity, request: Quantity | undefined, limit: Quantity | undefined): string | undefined {
  if (request === undefined) return '.  No request is specified';
  if (compareQuantities(request, min) < 0) return `, but request is ${formatQuantity(request)}`;
  if (limit !== undefined && compareQuantities(limit, min) < 0) return `, but limit is ${formatQuantity(limit)}`;
  return undefined;
}

function aboveMax(max: Quantity, request: Quantity | undefined, limit: Quantity | undefined): string | undefined {
  if (limit === undefined) return '.  No limit is specified';
  if (compareQuantities(limit, max) > 0) return `, but limit is ${formatQuantity(limit)}`;
  if (request !== undefined && compareQuantities(request, max) > 0)
    return `, but request is ${formatQuantity(request)}`;
  return undefined;
}

function aboveRatio(ratio: Quantity, request: Quantity | undefined, limit: Quantity | undefined): string | undefined {
  if (!request?.nanos) return ', but no request is specified or request is 0';
  if (!limit?.nanos) return ', but no limit is specified or limit is 0';
  // Compared exactly, as limit / request > ratio; shown as Kubernetes shows it.
  const isAbove = limit.nanos * nanosPerUnit > ratio.nanos * request.nanos;
  return isAbove ? `, but provided ratio is ${(Number(limit.nanos) / Number(request.nanos)).toFixed(6)}` : undefined;
}
