/** Finds the container that a command means, in kubectl's words. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { UsageError } from '../usage-error.ts';

const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';

/** Every container of a pod, those that run before the others first, as kubectl logs --all-containers. */
export function containerNames(pod: Pod): readonly string[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((container) => container.name);
}

/**
 * The container asked for, else the pod's default one; which one that is is told when there is a choice.
 *
 * @throws UsageError when the pod has no such container
 */
export function chooseContainer(pod: Pod, asked: string | undefined, note: (line: string) => void): string {
  const names = pod.spec.containers.map((container) => container.name);
  const initNames = (pod.spec.initContainers ?? []).map((container) => container.name);
  const all = [...names, ...initNames.map((name) => `${name} (init)`)].join(', ');
  if (asked !== undefined) {
    if (names.includes(asked) || initNames.includes(asked)) return asked;
    throw new UsageError(`container ${asked} is not valid for pod ${pod.metadata.name}`, `its containers: ${all}`);
  }
  const marked = pod.metadata.annotations?.[defaultContainerAnnotation];
  if (marked !== undefined && names.includes(marked)) return marked;
  const [first = ''] = names;
  if (names.length + initNames.length > 1) note(`Defaulted container "${first}" out of: ${all}`);
  return first;
}
