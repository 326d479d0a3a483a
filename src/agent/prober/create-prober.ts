/** Joins the prober with what its questions go through: the runtime and the network. Decides nothing. */

import { grpcHealth } from '../../host/network/grpc-health.ts';
import { httpGet } from '../../host/network/http-get.ts';
import { tcpConnect } from '../../host/network/tcp-connect.ts';
import type { Clock } from '../../lib/clock.ts';
import { kubernetesMinorVersion } from '../../lib/version.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { Prober, type ProberDeps } from './prober.ts';
import { type RunProbeDeps, runProbe } from './run-probe.ts';

export interface CreateProberDeps extends Omit<ProberDeps, 'ask'> {
  readonly clock: Clock;
  readonly runtime: Pick<Runtime, 'execSync'>;
  readonly events: { record: RunProbeDeps['record'] };
}

export function createProber({ runtime, events, ...deps }: CreateProberDeps): Prober {
  const probeDeps: RunProbeDeps = {
    clock: deps.clock,
    execSync: (id, command, seconds, signal) => runtime.execSync(id, command, seconds, signal),
    network: { httpGet, tcpConnect, grpcHealth },
    record: (pod, event) => events.record(pod, event),
    userAgent: `kube-probe/${kubernetesMinorVersion}`,
  };
  return new Prober({ ...deps, ask: (target, signal) => runProbe(probeDeps, target, signal) });
}
