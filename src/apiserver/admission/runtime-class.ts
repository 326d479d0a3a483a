/** What a pod takes over from its RuntimeClass, as Kubernetes' RuntimeClass admission does; the class must exist. */
import { isDeepStrictEqual } from 'node:util';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { RuntimeClass } from '../../api/kinds/runtime-class.ts';
import { runtimeClasses } from '../../api/resources.ts';
import type { Admission } from '../registry/admission.ts';
import { forbidden } from '../registry/errors.ts';
import { isPod } from '../registry/removal.ts';

export const admitRuntimeClass: Admission = async (kind, object, { find }) => {
  if (!isPod(kind)) return object;
  const pod = object as Pod;
  const { runtimeClassName: name, overhead } = pod.spec;
  const refuse = (why: string): Error => forbidden(kind, pod.metadata.name ?? '', `pod rejected: ${why}`);
  const runtimeClass = name ? await find<RuntimeClass>(runtimeClasses, { name }) : undefined;
  if (name && !runtimeClass) throw refuse(`RuntimeClass ${JSON.stringify(name)} not found`);

  const podFixed = runtimeClass?.overhead?.podFixed;
  if (overhead !== undefined && podFixed === undefined) {
    throw refuse('Pod Overhead set without corresponding RuntimeClass defined Overhead');
  }
  if (overhead !== undefined && !isDeepStrictEqual(overhead, podFixed)) {
    throw refuse("Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  }
  const { nodeSelector = {}, tolerations = [] } = runtimeClass?.scheduling ?? {};
  const own = pod.spec.nodeSelector ?? {};
  const differs = Object.keys(nodeSelector).find((key) => Object.hasOwn(own, key) && own[key] !== nodeSelector[key]);
  if (differs !== undefined) {
    throw refuse(
      `conflict: runtimeClass.Scheduling.NodeSelector[${differs}] = ${nodeSelector[differs]}; pod.Spec.NodeSelector[${differs}] = ${own[differs]}`,
    );
  }
  const present = pod.spec.tolerations ?? [];
  const added = tolerations.filter((each) => !present.some((other) => isDeepStrictEqual(each, other)));
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(podFixed === undefined ? {} : { overhead: podFixed }),
      ...(Object.keys(nodeSelector).length > 0 ? { nodeSelector: { ...own, ...nodeSelector } } : {}),
      ...(added.length > 0 ? { tolerations: [...present, ...added] } : {}),
    },
  };
};
