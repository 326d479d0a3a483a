/** The three probes of a container, in Kubernetes' words. */
import type { Container, Pod, Probe } from '../../api/kinds/pod/types.ts';
import { allContainers, isSidecar } from '../pod-names.ts';

export type ProbeKind = 'startup' | 'liveness' | 'readiness';
/** `Unknown`: asked for, but not decided yet. */
export type ProbeResult = 'Success' | 'Failure' | 'Unknown';

export interface WantedProbe {
  readonly kind: ProbeKind;
  readonly container: Container;
  readonly probe: Probe;
}

const fields = { startup: 'startupProbe', liveness: 'livenessProbe', readiness: 'readinessProbe' } as const;

/** What a container counts as until its first result (kubelet, prober worker). */
export const initialResults: Readonly<Record<ProbeKind, ProbeResult>> = {
  startup: 'Unknown',
  liveness: 'Success',
  readiness: 'Failure',
};

/** Every probe of a pod. Init containers have them only when they go on running. */
export function probesOf(pod: Pod): readonly WantedProbe[] {
  const inits = new Set(pod.spec.initContainers ?? []);
  return allContainers(pod)
    .filter((container) => !inits.has(container) || isSidecar(container))
    .flatMap((container) =>
      (['startup', 'liveness', 'readiness'] as const).flatMap((kind) => {
        const probe = container[fields[kind]];
        return probe === undefined ? [] : [{ kind, container, probe }];
      }),
    );
}

/** As messages begin: `Liveness probe failed: …`. */
export function probeTitle(kind: ProbeKind): string {
  return `${kind.charAt(0).toUpperCase()}${kind.slice(1)} probe`;
}
