/** Which ReplicaSets are scaled next: the decision of one look, from everything that it depends on. Pure. */
import type { Deployment } from '../../api/kinds/deployment.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ImagesState } from '../image-preparation.ts';
import { controllerOf } from '../ownership/owner.ts';
import { isActive, isTerminating } from '../pods/pod-state.ts';
import type { Room } from '../room.ts';
import { computeRecreate } from './compute-recreate.ts';
import { computeRollingUpdate } from './compute-rolling-update.ts';
import { rollBackSettings, type Target } from './roll-back.ts';
import { availableReplicas, type ScaleStep, wantedReplicas } from './scale-step.ts';

export interface RollOutInput {
  readonly deployment: Deployment;
  readonly target: Target;
  /** Pods of all ReplicaSets of the Deployment. */
  readonly pods: readonly Pod[];
  /** Whether the images of the target are on the device. Asked only when pods that work would be ended for them. */
  readonly lookAtImages: () => ImagesState;
  readonly room: Room;
}

export interface RollOut {
  readonly steps: readonly ScaleStep[];
  /** What the images wait for, when steps wait for them. */
  readonly waitsForImages?: string;
}

/**
 * The steps to take now.
 *
 * Before the last pod is ended (any pod, when the Deployment asks for roll-back), the images of those that replace it
 * must be on the device: there may be no network, and a tag may not exist. Pods that do not work at the moment are
 * kept as well: after a boot none does, and none is known to.
 */
export function computeRollOut(input: RollOutInput): RollOut {
  const { deployment, target, lookAtImages } = input;
  const free = computeSteps(input, 0);
  // Pods of the target run already: its images are here.
  if (availableReplicas([target.target]) > 0) return { steps: free };
  const present = wantedReplicas(target.others);
  const kept = rollBackSettings(deployment) ? deployment.spec.replicas : Math.min(1, deployment.spec.replicas);
  if (present - endedBy(free, target) >= Math.min(kept, present)) return { steps: free };
  const images = lookAtImages();
  if (images.kind === 'Ready') return { steps: free };
  return { steps: computeSteps(input, kept), waitsForImages: images.message };
}

/** Old pods that these steps end. */
function endedBy(steps: readonly ScaleStep[], { others }: Target): number {
  return steps
    .filter(({ replicaSet }) => others.includes(replicaSet))
    .reduce((sum, { replicaSet, replicas }) => sum + Math.max(0, replicaSet.spec.replicas - replicas), 0);
}

function computeSteps({ deployment, target, pods, room }: RollOutInput, keepAvailable: number): ScaleStep[] {
  const { target: replicaSet, others } = target;
  const otherUids = new Set(others.map(({ metadata }) => metadata.uid));
  const otherPods = pods.filter((pod) => otherUids.has(controllerOf(pod)?.uid ?? ''));
  if (deployment.spec.strategy.type === 'Recreate') {
    const left = otherPods.filter((pod) => isActive(pod) || isTerminating(pod)).length;
    return computeRecreate({
      deployment,
      target: replicaSet,
      others,
      mayEndPods: keepAvailable === 0,
      otherPods: left,
    });
  }
  const waiting = pods.find(
    (pod) => controllerOf(pod)?.uid === replicaSet.metadata.uid && isActive(pod) && findsNoRoom(pod),
  );
  const withoutRoom = waiting === undefined || keepAvailable > 0 ? 0 : computeInTheWay(waiting, otherPods, room);
  return computeRollingUpdate({ deployment, target: replicaSet, others, keepAvailable, withoutRoom });
}

/** The device is full: the pod would wait for ever for those that it is to replace. */
function findsNoRoom({ status }: Pod): boolean {
  const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled');
  return scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
}

/**
 * How many old pods must go, beside those that are going, so that the new one gets room. None when even the end of
 * all would not help: a request that is too large must not cost what runs.
 */
function computeInTheWay(waiting: Pod, otherPods: readonly Pod[], room: Room): number {
  const going = otherPods.filter(isTerminating);
  const active = otherPods.filter(isActive);
  for (let count = 0; count <= active.length; count += 1) {
    if (room.fitsWithout(waiting, [...going, ...active.slice(0, count)])) return count;
  }
  return 0;
}
