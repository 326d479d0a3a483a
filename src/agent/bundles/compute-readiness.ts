/** Which objects of a bundle are not ready yet, and why. Pure. */
import type { Deployment } from '../../api/kinds/deployment.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import type { KubeObject } from '../../api/meta.ts';

/**
 * One sentence for each object that is not ready: a Deployment whose pods are not all new and available, a ReplicaSet whose
 * pods are not all ready, a pod that is not. Other kinds are ready when they are there.
 *
 * @param live the objects of the bundle, as they are
 */
export function computeUnready(live: readonly KubeObject[]): readonly string[] {
  return live.flatMap((object) => {
    const why = whyUnready(object);
    const { name, namespace } = object.metadata;
    return why === undefined ? [] : [`${object.kind} ${namespace}/${name}: ${why}`];
  });
}

function whyUnready(object: KubeObject): string | undefined {
  switch (object.kind) {
    case 'Deployment':
      return deploymentUnready(object as unknown as Deployment);
    case 'ReplicaSet':
      return replicaSetUnready(object as unknown as ReplicaSet);
    case 'Pod':
      return podUnready(object as unknown as Pod);
    default:
      return undefined;
  }
}

function deploymentUnready({ metadata, spec, status }: Deployment): string | undefined {
  const wanted = spec.replicas ?? 1;
  const { observedGeneration = 0, updatedReplicas = 0, replicas = 0, availableReplicas = 0, conditions = [] } = status;
  if (observedGeneration < (metadata.generation ?? 0)) return 'has not been looked at yet';
  const returned = conditions.find(({ type, status: is }) => type === 'eliot.run/RolledBack' && is === 'True');
  if (returned !== undefined) return `went back to its former template: ${returned.message ?? ''}`;
  if (updatedReplicas < wanted) return `${updatedReplicas} of ${wanted} pods are new`;
  if (replicas > updatedReplicas) return `${replicas - updatedReplicas} old pods are still there`;
  return availableReplicas < wanted ? `${availableReplicas} of ${wanted} pods are available` : undefined;
}

function replicaSetUnready({ spec, status }: ReplicaSet): string | undefined {
  const [wanted, ready] = [spec.replicas ?? 1, status.readyReplicas ?? 0];
  return ready < wanted ? `${ready} of ${wanted} pods are ready` : undefined;
}

/** One that has done its work is as good as one that works. */
function podUnready({ status }: Pod): string | undefined {
  if (status?.phase === 'Succeeded') return undefined;
  if (status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')) return undefined;
  const waiting = status?.containerStatuses?.find(({ state }) => state?.waiting?.reason);
  if (waiting !== undefined) return `container ${waiting.name} waits: ${waiting.state?.waiting?.reason}`;
  const ended = status?.containerStatuses?.find(({ state }) => state?.terminated);
  if (ended !== undefined) return `container ${ended.name} ended with ${ended.state?.terminated?.exitCode}`;
  return `is ${status?.phase ?? 'Pending'}`;
}
