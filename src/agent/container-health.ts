/** What probes say of one container that runs. */
export interface ContainerHealth {
  /** It has passed its startup probe, or has none. */
  readonly isStarted: boolean;
  /** It is started and its readiness probe, if any, succeeds. */
  readonly isReady: boolean;
  /** The probe that says it must be restarted. */
  readonly failed: 'startup' | 'liveness' | undefined;
}

/** By container id. A container that is not named has no probes: it is started and ready while it runs. */
export type PodHealth = ReadonlyMap<string, ContainerHealth>;

export const noProbes: PodHealth = new Map();
const healthy: ContainerHealth = { isStarted: true, isReady: true, failed: undefined };

export function healthOf(health: PodHealth, containerId: string): ContainerHealth {
  return health.get(containerId) ?? healthy;
}
