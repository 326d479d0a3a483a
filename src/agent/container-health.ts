/** What probes say of one container that runs, or that was ended for what they said. */
export interface ContainerHealth {
  /** It has passed its startup probe, or has none. */
  readonly isStarted: boolean;
  /** It is started and its readiness probe, if any, succeeds. */
  readonly isReady: boolean;
  /** The probe that says it must be restarted; known of one that has ended until there is another, as long as this process lives. */
  readonly failed: 'startup' | 'liveness' | undefined;
}

/** By container id. A container that is not named has no probes: it is started and ready while it runs. */
export type PodHealth = ReadonlyMap<string, ContainerHealth>;

export const noProbes: PodHealth = new Map();
const healthy: ContainerHealth = { isStarted: true, isReady: true, failed: undefined };

export function healthOf(health: PodHealth, containerId: string): ContainerHealth {
  return health.get(containerId) ?? healthy;
}
