/** Joins what ends containers with what hooks go through: the runtime and the network. Decides nothing. */
import { httpGet } from '../../host/network/http-get.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { kubernetesMinorVersion } from '../../lib/version.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { ContainerEnder, type ContainerEnderDeps } from './container-ender.ts';

export interface CreateContainerEnderDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly runtime: Pick<Runtime, 'execSync' | 'stopContainer'>;
  readonly events: {
    record(
      pod: Parameters<ContainerEnderDeps['recordKilling']>[0],
      event: {
        readonly type: 'Normal' | 'Warning';
        readonly reason: string;
        readonly message: string;
        readonly container: string;
      },
    ): void;
  };
}

export function createContainerEnder({ clock, log, runtime, events }: CreateContainerEnderDeps): ContainerEnder {
  return new ContainerEnder({
    clock,
    log,
    execSync: (id, command, seconds, signal) => runtime.execSync(id, command, seconds, signal),
    stopContainer: (id, seconds, signal) => runtime.stopContainer(id, seconds, signal),
    httpGet,
    record: (pod, event) => events.record(pod, event),
    recordKilling: (pod, message, container) =>
      events.record(pod, { type: 'Normal', reason: 'Killing', message, container }),
    userAgent: `kube-lifecycle/${kubernetesMinorVersion}`,
  });
}
