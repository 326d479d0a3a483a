/** What CRI reports, in the words of `Runtime`. */
import type {
  Container,
  ContainerStatus,
  RuntimeStatus as CriRuntimeStatus,
  PodSandbox,
  PodSandboxStatus,
} from '../../gen/cri/runtime.ts';
import { ContainerState, PodSandboxState } from '../../gen/cri/runtime.ts';
import type {
  ContainerId,
  RuntimeCondition,
  RuntimeContainer,
  RuntimeContainerState,
  RuntimeContainerStatus,
  RuntimeStatus,
  Sandbox,
  SandboxId,
  SandboxStatus,
} from '../runtime.ts';

const stateNames: Readonly<Record<number, RuntimeContainerState>> = {
  [ContainerState.CONTAINER_CREATED]: 'Created',
  [ContainerState.CONTAINER_RUNNING]: 'Running',
  [ContainerState.CONTAINER_EXITED]: 'Exited',
};

export function fromCriSandbox(sandbox: PodSandbox | PodSandboxStatus): Sandbox {
  return {
    id: sandbox.id as SandboxId,
    name: sandbox.metadata?.name ?? '',
    namespace: sandbox.metadata?.namespace ?? '',
    uid: sandbox.metadata?.uid ?? '',
    attempt: sandbox.metadata?.attempt ?? 0,
    ready: sandbox.state === PodSandboxState.SANDBOX_READY,
    createdAtMs: toMs(sandbox.createdAt),
    labels: sandbox.labels,
    annotations: sandbox.annotations,
  };
}

export function fromCriSandboxStatus(status: PodSandboxStatus): SandboxStatus {
  const { network } = status;
  const ips = [network?.ip ?? '', ...(network?.additionalIps ?? []).map(({ ip }) => ip)];
  return { ...fromCriSandbox(status), ips: ips.filter((ip) => ip !== '') };
}

export function fromCriContainer(container: Container): RuntimeContainer {
  return {
    id: container.id as ContainerId,
    sandboxId: container.podSandboxId as SandboxId,
    name: container.metadata?.name ?? '',
    attempt: container.metadata?.attempt ?? 0,
    image: container.image?.image ?? '',
    imageId: container.imageRef,
    state: stateNames[container.state] ?? 'Unknown',
    createdAtMs: toMs(container.createdAt),
    labels: container.labels,
    annotations: container.annotations,
  };
}

/** @param sandboxId from the list or the verbose status; CRI's status does not say it */
export function fromCriContainerStatus(status: ContainerStatus, sandboxId: SandboxId): RuntimeContainerStatus {
  return {
    id: status.id as ContainerId,
    sandboxId,
    name: status.metadata?.name ?? '',
    attempt: status.metadata?.attempt ?? 0,
    image: status.image?.image ?? '',
    imageId: status.imageRef,
    state: stateNames[status.state] ?? 'Unknown',
    createdAtMs: toMs(status.createdAt),
    startedAtMs: toMs(status.startedAt),
    finishedAtMs: toMs(status.finishedAt),
    exitCode: status.exitCode,
    reason: status.reason,
    message: status.message,
    labels: status.labels,
    annotations: status.annotations,
    logPath: status.logPath,
  };
}

export function fromCriRuntimeStatus(status: CriRuntimeStatus | undefined): RuntimeStatus {
  const condition = (type: string): RuntimeCondition => {
    const found = status?.conditions.find((candidate) => candidate.type === type);
    if (found === undefined) return { ready: false, reason: 'Unknown', message: `the runtime reports no ${type}` };
    return { ready: found.status, reason: found.reason, message: found.message };
  };
  return { runtime: condition('RuntimeReady'), network: condition('NetworkReady') };
}

/** CRI counts nanoseconds since 1970; 0 (and the year 1, which containerd sends for "never") mean none. */
function toMs(nanoseconds: bigint): number {
  return nanoseconds > 0n ? Number(nanoseconds / 1_000_000n) : 0;
}
