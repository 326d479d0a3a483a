/** How important a new pod is, as Kubernetes' Priority admission finds it: its class says so, which must exist. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { defaultPriorityClass, type PriorityClass } from '../../api/kinds/priority-class.ts';
import { priorityClasses } from '../../api/resources.ts';
import type { Admission } from '../registry/admission.ts';
import { forbidden } from '../registry/errors.ts';
import { isPod } from '../registry/removal.ts';

export const admitPriority: Admission = async (kind, object, { find, list }) => {
  if (!isPod(kind)) return object;
  const pod = object as Pod;
  const { priorityClassName: named, priority: askedPriority, preemptionPolicy: askedPolicy } = pod.spec;
  const refuse = (why: string): Error => forbidden(kind, pod.metadata.name ?? '', why);
  const priorityClass = named
    ? await find<PriorityClass>(priorityClasses, { name: named })
    : defaultPriorityClass(await list<PriorityClass>(priorityClasses));
  if (named && !priorityClass) throw refuse(`no PriorityClass with name ${named} was found`);

  const priority = priorityClass?.value ?? 0;
  const preemptionPolicy = priorityClass?.preemptionPolicy ?? 'PreemptLowerPriority';
  // Who copies a pod sends what was computed for the first one.
  if (askedPriority !== undefined && askedPriority !== priority) {
    throw refuse(
      `the integer value of priority (${askedPriority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    );
  }
  if (askedPolicy !== undefined && askedPolicy !== preemptionPolicy) {
    throw refuse(
      `the string value of PreemptionPolicy (${askedPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`,
    );
  }
  const name = priorityClass?.metadata.name;
  return {
    ...pod,
    spec: { ...pod.spec, ...(name ? { priorityClassName: name } : {}), priority, preemptionPolicy },
  };
};
