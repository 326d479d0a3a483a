/** Pods for tests: complete, as the API server stores them. */
import { podFields } from '../api/kinds/pod/fields/pod.ts';
import type { Pod, Probe } from '../api/kinds/pod/types.ts';
import { applyDefaults } from '../api/schema/defaults.ts';

export interface PodParts {
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: object;
}

/** A pod `default/web` of one busybox container `web`, with defaults, unless said otherwise. */
export function makePod({ metadata = {}, spec = {}, status }: PodParts = {}): Pod {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'u1', generation: 1, ...metadata },
    spec: { containers: [{ name: 'web', image: 'busybox' }], nodeName: 'device', ...spec },
    ...(status === undefined ? {} : { status }),
  };
  return applyDefaults(podFields, pod as unknown) as Pod;
}

/** A probe with Kubernetes' defaults. */
export function makeProbe(overrides: Partial<Probe> = {}): Probe {
  return { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3, ...overrides };
}
