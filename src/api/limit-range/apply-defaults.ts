/** What containers that ask for nothing get from the limit ranges of their namespace (Kubernetes' LimitRanger). Pure. */
import type { LimitRange } from '../kinds/limit-range.ts';
import type { Container, Pod } from '../kinds/pod/types.ts';

/** Says on a pod what was given to it. */
const annotation = 'kubernetes.io/limit-ranger';

type Amounts = Readonly<Record<string, string>>;

/** The pod with the defaults of each limit range in turn; what it has already stays. Not validated yet: anything may be missing. */
export function applyLimitRangeDefaults(pod: Pod, limitRanges: readonly LimitRange[]): Pod {
  return limitRanges.reduce(applyOne, pod);
}

function applyOne(pod: Pod, limitRange: LimitRange): Pod {
  const items = (limitRange.spec.limits ?? []).filter(({ type }) => type === 'Container');
  const limits: Amounts = Object.assign({}, ...items.map((item) => item.default));
  const requests: Amounts = Object.assign({}, ...items.map((item) => item.defaultRequest));
  const given: string[] = [];
  const fill = (container: Container, word: string): Container => {
    const { resources = {} } = container as Partial<Container>;
    const filled = {
      requests: missingOf(resources.requests, requests),
      limits: missingOf(resources.limits, limits),
    };
    for (const [list, amounts] of Object.entries(filled)) {
      const names = Object.keys(amounts).sort();
      if (names.length > 0) given.push(`${names.join(', ')} ${list.slice(0, -1)} for ${word} ${container.name}`);
    }
    return {
      ...container,
      resources: {
        ...resources,
        ...merged('limits', resources.limits, filled.limits),
        ...merged('requests', resources.requests, filled.requests),
      },
    };
  };
  const { containers, initContainers } = pod.spec as Partial<Pod['spec']>;
  const spec = {
    ...pod.spec,
    ...(containers ? { containers: containers.map((container) => fill(container, 'container')) } : {}),
    ...(initContainers ? { initContainers: initContainers.map((each) => fill(each, 'init container')) } : {}),
  };
  if (given.length === 0) return pod;
  const annotations = { ...pod.metadata.annotations, [annotation]: `LimitRanger plugin set: ${given.join('; ')}` };
  return { ...pod, metadata: { ...pod.metadata, annotations }, spec };
}

function missingOf(present: Amounts | undefined, defaults: Amounts): Amounts {
  return Object.fromEntries(Object.entries(defaults).filter(([name]) => !Object.hasOwn(present ?? {}, name)));
}

function merged(list: 'limits' | 'requests', present: Amounts | undefined, added: Amounts): { [list]?: Amounts } {
  return Object.keys(added).length > 0 ? { [list]: { ...present, ...added } } : {};
}
