/** Which container of a pod a request is about. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { StatusError } from '../../lib/status-error.ts';

const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';

/**
 * The container asked for, else the one that the pod's annotation names, else the only one.
 *
 * @throws StatusError BadRequest when there is no such container, or several to choose from
 */
export function chooseContainer(pod: Pod, asked: string | undefined): string {
  const { name: podName = '', annotations } = pod.metadata;
  const containers = namesOf(pod.spec.containers);
  const initContainers = namesOf(pod.spec.initContainers);
  const ephemeralContainers = namesOf(pod.spec.ephemeralContainers);
  const all = [...containers, ...initContainers, ...ephemeralContainers];
  if (asked) {
    if (all.includes(asked)) return asked;
    throw new StatusError('BadRequest', `container ${asked} is not valid for pod ${podName}`);
  }
  const annotated = annotations?.[defaultContainerAnnotation];
  if (annotated && all.includes(annotated)) return annotated;
  const [first] = containers;
  if (first !== undefined && containers.length === 1) return first;
  const choices = [
    `a container name must be specified for pod ${podName}, choose one of: [${containers.join(' ')}]`,
    ...(initContainers.length > 0 ? [`one of the init containers: [${initContainers.join(' ')}]`] : []),
    ...(ephemeralContainers.length > 0 ? [`one of the ephemeral containers: [${ephemeralContainers.join(' ')}]`] : []),
  ];
  throw new StatusError('BadRequest', choices.join(' or '));
}

function namesOf(containers: readonly { readonly name: string }[] | undefined): readonly string[] {
  return (containers ?? []).map(({ name }) => name);
}
