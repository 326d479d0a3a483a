/** A container in the words of CRI. Pure: paths of volumes and files are handed in. */
import { isPipeTarget } from '../../api/kinds/pod/pipes.ts';
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import { holdAnnotation, startAnnotationPrefix } from '../../api/run-annotations.ts';
import type { ContainerConfig, ContainerId, Device, Image, Mount } from '../../runtime/runtime.ts';
import { podRef } from '../pod-names.ts';
import { runtimeAnnotations, runtimeLabels } from '../runtime-labels.ts';
import { ContainerConfigError } from './container-env.ts';
import { containerResources, type QosClassName } from './container-resources.ts';
import { expandVariables } from './expand-variables.ts';
import { containerSecurity, nonRootProblem } from './security-context.ts';

export interface ContainerFacts {
  readonly instanceId: string;
  readonly hash: string;
  readonly attempt: number;
  readonly restartCount: number;
  readonly backOffCount: number;
  /** The container whose processes this one is to see. */
  readonly pidTarget?: ContainerId | undefined;
  readonly image: Image;
  readonly env: ReadonlyMap<string, string>;
  /** Of volumes, in the order of the spec. */
  readonly mounts: readonly Mount[];
  /** Host paths of files that are mounted unless the spec mounts something there itself. */
  readonly hostsFile: string;
  readonly resolvConf: string;
  readonly terminationLog: string;
  readonly seccompDirectory: string;
  readonly qos: QosClassName;
  readonly memoryCapacityBytes: number;
  readonly devices: AssignedDevices;
}

/** Devices of the machine that the container was given. */
export interface AssignedDevices {
  readonly devices: readonly Device[];
  /** Groups that own them. */
  readonly groups: readonly number[];
  /** By resource, their paths. */
  readonly paths: Readonly<Record<string, readonly string[]>>;
}

/** @throws ContainerConfigError when runAsNonRoot cannot be kept */
export function containerConfig(pod: Pod, container: Container, facts: ContainerFacts): ContainerConfig {
  const problem = nonRootProblem(pod, container, facts.image);
  if (problem !== undefined) throw new ContainerConfigError(problem);

  const { uid, namespace, name } = podRef(pod);
  const isFed = isPipeTarget(pod, container.name);
  const security = containerSecurity(pod, container, facts.seccompDirectory);
  const startWord = pod.metadata.annotations?.[startAnnotationPrefix + container.name];
  const expand = (text: string): string => expandVariables(text, (variable) => facts.env.get(variable));
  return {
    name: container.name,
    attempt: facts.attempt,
    image: facts.image.id,
    command: (container.command ?? []).map(expand),
    args: (container.args ?? []).map(expand),
    workingDir: container.workingDir ?? '',
    env: [...facts.env].map(([key, value]) => ({ name: key, value })),
    mounts: allMounts(container, facts),
    devices: facts.devices.devices,
    labels: {
      [runtimeLabels.podName]: name,
      [runtimeLabels.podNamespace]: namespace,
      [runtimeLabels.podUid]: uid,
      [runtimeLabels.containerName]: container.name,
      [runtimeLabels.instance]: facts.instanceId,
    },
    annotations: {
      [runtimeAnnotations.containerHash]: facts.hash,
      [runtimeAnnotations.restartCount]: String(facts.restartCount),
      [runtimeAnnotations.backOffCount]: String(facts.backOffCount),
      [runtimeAnnotations.terminationLog]: facts.terminationLog,
      ...(startWord === undefined ? {} : { [runtimeAnnotations.startWord]: startWord }),
      ...(facts.devices.devices.length > 0
        ? { [runtimeAnnotations.devices]: JSON.stringify(facts.devices.paths) }
        : {}),
    },
    logPath: `${container.name}/${facts.attempt}.log`,
    // What a pipe feeds stays open whatever the spec says, and whoever attaches meanwhile.
    stdin: isFed || (container.stdin ?? false),
    stdinOnce: !isFed && (container.stdinOnce ?? false),
    tty: container.tty ?? false,
    holdUntilAttached: isHeld(pod, container),
    resources: containerResources(container, facts.qos, facts.memoryCapacityBytes),
    security: {
      ...security,
      supplementalGroups: [...new Set([...security.supplementalGroups, ...facts.devices.groups])],
      ...(facts.pidTarget === undefined ? {} : { pidTarget: facts.pidTarget }),
    },
  };
}

/** Only what we start ourselves: in a sandbox of another handler nobody sees whether the program has begun. */
function isHeld({ metadata, spec }: Pod, { name, stdin }: Container): boolean {
  return metadata.annotations?.[holdAnnotation] === name && stdin === true && spec.runtimeClassName === undefined;
}

function allMounts(container: Container, facts: ContainerFacts): readonly Mount[] {
  const own = new Set(facts.mounts.map(({ containerPath }) => containerPath));
  const managed: readonly (readonly [string, string])[] = [
    ['/etc/hosts', facts.hostsFile],
    ['/etc/resolv.conf', facts.resolvConf],
    [container.terminationMessagePath || '/dev/termination-log', facts.terminationLog],
  ];
  return [
    ...facts.mounts,
    ...managed
      .filter(([containerPath]) => !own.has(containerPath))
      .map(([containerPath, hostPath]): Mount => ({ containerPath, hostPath, readonly: false, propagation: 'None' })),
  ];
}
