/** Finds the pod and the container that `logs` and `exec` mean, in kubectl's words. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { pods } from '../../api/resources.ts';
import type { CommandContext } from '../context.ts';
import type { Session } from '../session.ts';
import { UsageError } from '../usage-error.ts';

const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';

/**
 * The pod that `word` names: `web` or `pod/web`.
 *
 * @throws UsageError when it names another kind, StatusError NotFound
 */
export async function findPod(word: string, session: Session, context: CommandContext): Promise<Pod> {
  const [type = '', name, ...rest] = word.split('/');
  if (name !== undefined && (!['pod', 'pods', 'po'].includes(type.toLowerCase()) || name === '' || rest.length > 0)) {
    throw new UsageError(`"${word}" is no pod`, 'name one as POD or pod/POD');
  }
  return await session.client.get<Pod>(pods, { namespace: session.namespace, name: name ?? type }, context.signal);
}

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
