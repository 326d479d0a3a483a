/**
 * A status that was kept from before the machine's last start. What happened stays true
 * (a finished pod is finished, a container ended with code 3); that something is ready
 * does not, since nothing of that boot runs any more.
 */
interface Condition {
  readonly type?: string;
  readonly status?: string;
}

interface ContainerStatus {
  readonly ready?: boolean;
  readonly started?: boolean;
}

const readinessTypes: ReadonlySet<string | undefined> = new Set(['Ready', 'ContainersReady']);

/** The status with nothing in it ready or started; everything else unchanged. */
export function withoutStaleReadiness(status: unknown): unknown {
  if (typeof status !== 'object' || status === null) return status;
  const { conditions, containerStatuses, ...rest } = status as {
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
  return {
    ...rest,
    ...(conditions
      ? {
          conditions: conditions.map((condition) =>
            readinessTypes.has(condition.type) && condition.status === 'True'
              ? { ...condition, status: 'False' }
              : condition,
          ),
        }
      : {}),
    ...(containerStatuses
      ? {
          containerStatuses: containerStatuses.map((container) => ({ ...container, ready: false, started: false })),
        }
      : {}),
  };
}
