/** Defaults of a pod that look at more than one field (SetDefaults_Pod, SetDefaults_Volume), and its first status. */
import { qosClassOf } from './qos.ts';
import type { Container, Pod, PodSpec, Volume } from './types.ts';

/** The account of a pod that names none. */
const defaultServiceAccount = 'default';

/** Requests from limits, host ports, and what `normalizePodSpec` does. */
export function normalizePod(pod: Pod): Pod {
  const spec = normalizePodSpec(pod.spec);
  return {
    ...pod,
    spec: {
      ...spec,
      ...(spec.initContainers
        ? { initContainers: spec.initContainers.map((container) => normalizeContainer(container, spec)) }
        : {}),
      // Validation says what is wrong when there are none.
      ...(spec.containers
        ? { containers: spec.containers.map((container) => normalizeContainer(container, spec)) }
        : {}),
    },
  };
}

/** emptyDir for a volume without source, both names of the service account, no stop signal; for templates of pods too. */
export function normalizePodSpec(spec: PodSpec): PodSpec {
  const accountName = spec.serviceAccountName || spec.serviceAccount;
  return {
    ...withoutStopSignals(spec),
    // An API that knows only the old name must still see it, and the other way round.
    ...(accountName ? { serviceAccountName: accountName, serviceAccount: accountName } : {}),
    ...(spec.volumes ? { volumes: spec.volumes.map(withSource) } : {}),
  };
}

/**
 * The spec without `lifecycle.stopSignal`, which no runtime that is supported takes from CRI. Kubernetes drops it without a
 * word too, unless its feature ContainerStopSignals is on, which is alpha.
 */
export function withoutStopSignals(spec: PodSpec): PodSpec {
  const drop = (container: Container): Container => {
    if (container.lifecycle?.stopSignal === undefined) return container;
    const { lifecycle, ...rest } = container;
    const { stopSignal: _, ...hooks } = lifecycle;
    return Object.keys(hooks).length === 0 ? rest : { ...rest, lifecycle: hooks };
  };
  return {
    ...spec,
    ...(spec.initContainers ? { initContainers: spec.initContainers.map(drop) } : {}),
    // Validation says what is wrong when there are none.
    ...(spec.containers ? { containers: spec.containers.map(drop) } : {}),
  };
}

/**
 * What a new pod starts with. Kubernetes' admission also adds tolerations for `not-ready` and `unreachable`; they
 * say when a pod moves to another node, and here there is none, so they are left out.
 */
export function preparePodForCreate(pod: Pod): Pod {
  const { spec } = pod;
  const accountName = spec.serviceAccountName || defaultServiceAccount;
  return {
    ...pod,
    spec: {
      ...spec,
      serviceAccountName: accountName,
      serviceAccount: accountName,
      priority: spec.priority ?? 0,
      preemptionPolicy: spec.preemptionPolicy ?? 'PreemptLowerPriority',
    },
    status: { phase: 'Pending', qosClass: qosClassOf(pod) },
  };
}

/** As Kubernetes' Priority admission: a write that leaves out what was computed does not change it. */
export function preparePodForUpdate(next: Pod, previous: Pod): Pod {
  const { priority, preemptionPolicy } = previous.spec;
  return {
    ...next,
    spec: {
      ...(priority === undefined ? {} : { priority }),
      ...(preemptionPolicy === undefined ? {} : { preemptionPolicy }),
      ...next.spec,
    },
  };
}

function normalizeContainer(container: Container, spec: PodSpec): Container {
  const { limits, requests } = container.resources;
  return {
    ...container,
    ...(limits ? { resources: { ...container.resources, requests: { ...limits, ...requests } } } : {}),
    ...(spec.hostNetwork && container.ports
      ? { ports: container.ports.map((port) => ({ ...port, hostPort: port.hostPort || port.containerPort })) }
      : {}),
  };
}

function withSource(volume: Volume): Volume {
  const hasSource = Object.entries(volume).some(([key, value]) => key !== 'name' && value !== undefined);
  return hasSource ? volume : { ...volume, emptyDir: {} };
}
