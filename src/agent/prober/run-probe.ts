/**
 * Asks one question of one probe, and says in the pod's events what was wrong, in the kubelet's words (prober,
 * pkg/probe). Only an answer counts: a question that could not be asked (the runtime does not answer, a port has
 * no number) changes nothing.
 */
import type { Container, Pod, Probe } from '../../api/kinds/pod/types.ts';
import { hostPort } from '../../lib/host-port.ts';
import { limited } from '../../lib/limited.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { ContainerId } from '../../runtime/runtime.ts';
import type { AskContainerDeps } from '../ask-container.ts';
import { staticCommand } from '../container-config/static-command.ts';
import { containerPort } from '../container-port.ts';
import { type HttpAction, type HttpRequest, httpRequest } from '../http-action.ts';
import { type ProbeKind, probeTitle } from './probe-kinds.ts';

export interface ProbeTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly containerId: string;
  readonly kind: ProbeKind;
  readonly probe: Probe;
  /** Whom to ask unless the probe names a host; empty when the pod has no address. */
  readonly podIP: string;
}

export interface RunProbeDeps extends AskContainerDeps {
  readonly network: ProbeNetwork;
}

/** What reaches the containers' ports. Every call rejects with the signal's reason when it aborts. */
export interface ProbeNetwork {
  readonly httpGet: (
    request: HttpRequest,
    signal: AbortSignal,
  ) => Promise<
    | { readonly kind: 'Answer'; readonly status: number; readonly body: string }
    | { readonly kind: 'Failed'; readonly message: string }
  >;
  /** Why nobody can be reached; undefined when somebody can. */
  readonly tcpConnect: (host: string, port: number, signal: AbortSignal) => Promise<string | undefined>;
  readonly grpcHealth: (
    target: { readonly host: string; readonly port: number; readonly service: string; readonly userAgent: string },
    signal: AbortSignal,
  ) => Promise<
    | { readonly kind: 'Answer'; readonly status: string }
    | { readonly kind: 'NotConnected' | 'Unimplemented' | 'Failed'; readonly message: string }
  >;
}

type Outcome =
  | { readonly kind: 'Success'; readonly warning?: string }
  | { readonly kind: 'Failure'; readonly output: string };

/** A question that cannot be asked is tried again at once, this often in all (kubelet: maxProbeRetries). */
const maxTries = 3;
/** Of a command's output (kubelet, pkg/probe/exec). */
const maxOutputBytes = 10 * 1024;

/** @returns undefined when the question could not be asked */
export async function runProbe(
  deps: RunProbeDeps,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<'Success' | 'Failure' | undefined> {
  const { pod, container, kind } = target;
  const record = (reason: string, text: string): void =>
    deps.record(pod, { type: 'Warning', reason, message: `${probeTitle(kind)} ${text}`, container: container.name });
  try {
    const outcome = await tryToAsk(deps, target, signal);
    if (outcome.kind === 'Failure') record('Unhealthy', `failed: ${outcome.output}`);
    else if (outcome.warning !== undefined) record('ProbeWarning', `warning: ${outcome.warning}`);
    return outcome.kind;
  } catch (error) {
    if (!signal.aborted) {
      const text = error instanceof Error ? error.message : String(error);
      record('Unhealthy', `errored and resulted in unknown state: ${text}`);
    }
    return undefined;
  }
}

async function tryToAsk(deps: RunProbeDeps, target: ProbeTarget, signal: AbortSignal): Promise<Outcome> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask(deps, target, signal);
    } catch (error) {
      if (signal.aborted || tries === maxTries) throw error;
    }
  }
}

async function ask(deps: RunProbeDeps, target: ProbeTarget, signal: AbortSignal): Promise<Outcome> {
  const { exec, httpGet, tcpSocket, grpc } = target.probe;
  if (exec) return await askByExec(deps, target, exec.command ?? [], signal);
  if (httpGet) return await askByHttp(deps, target, httpGet, signal);
  if (tcpSocket) return await askByTcp(deps, target, tcpSocket, signal);
  if (grpc) return await askByGrpc(deps, target, grpc, signal);
  throw new Error(`missing probe handler for ${target.container.name}`);
}

async function askByExec(
  { execSync }: RunProbeDeps,
  { container, containerId, probe }: ProbeTarget,
  command: readonly string[],
  signal: AbortSignal,
): Promise<Outcome> {
  const seconds = probe.timeoutSeconds;
  const argv = staticCommand(command, container);
  try {
    const result = await execSync(containerId as ContainerId, argv, seconds, signal);
    if (result.exitCode === 0) return { kind: 'Success' };
    const output = Buffer.concat([result.stdout, result.stderr]).subarray(0, maxOutputBytes).toString();
    return { kind: 'Failure', output };
  } catch (error) {
    if (!isStatusError(error, 'Timeout')) throw error;
    return {
      kind: 'Failure',
      output: `command timed out: ${JSON.stringify(argv.join(' '))} timed out after ${seconds}s`,
    };
  }
}

async function askByHttp(
  { clock, network, userAgent }: RunProbeDeps,
  { container, probe, podIP }: ProbeTarget,
  action: HttpAction,
  signal: AbortSignal,
): Promise<Outcome> {
  const request = httpRequest(action, container, podIP, userAgent);
  const answer = await limited(clock, timeoutMs(probe), signal, (stop) => network.httpGet(request, stop));
  if (answer.kind === 'TimedOut') {
    const why = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
    return { kind: 'Failure', output: `Get "${request.url}": ${why}` };
  }
  if (answer.value.kind === 'Failed') return { kind: 'Failure', output: answer.value.message };
  const { status, body } = answer.value;
  if (status < 200 || status >= 400) {
    return { kind: 'Failure', output: `HTTP probe failed with statuscode: ${status}` };
  }
  if (status < 300) return { kind: 'Success' };
  return { kind: 'Success', warning: `Probe terminated redirects, Response body: ${body}` };
}

async function askByTcp(
  { clock, network }: RunProbeDeps,
  { container, probe, podIP }: ProbeTarget,
  { host, port }: NonNullable<Probe['tcpSocket']>,
  signal: AbortSignal,
): Promise<Outcome> {
  const address = host || podIP;
  const number = containerPort(port, container);
  const answer = await limited(clock, timeoutMs(probe), signal, (stop) => network.tcpConnect(address, number, stop));
  if (answer.kind === 'TimedOut') {
    return { kind: 'Failure', output: `dial tcp ${hostPort(address, number)}: i/o timeout` };
  }
  return answer.value === undefined ? { kind: 'Success' } : { kind: 'Failure', output: answer.value };
}

async function askByGrpc(
  { clock, network, userAgent }: RunProbeDeps,
  { probe, podIP }: ProbeTarget,
  { port, service }: NonNullable<Probe['grpc']>,
  signal: AbortSignal,
): Promise<Outcome> {
  const question = { host: podIP, port, service: service ?? '', userAgent };
  const answer = await limited(clock, timeoutMs(probe), signal, (stop) => network.grpcHealth(question, stop));
  const seconds = probe.timeoutSeconds;
  const failure = (output: string): Outcome => ({ kind: 'Failure', output });
  if (answer.kind === 'TimedOut') return failure(`timeout: health rpc did not complete within ${seconds}s`);
  const { value } = answer;
  switch (value.kind) {
    case 'Answer':
      if (value.status === 'SERVING') return { kind: 'Success' };
      return failure(`service unhealthy (responded with "${value.status}")`);
    case 'NotConnected':
      return failure(
        `timeout: failed to connect service "${hostPort(podIP, port)}" within ${seconds}s: ${value.message}`,
      );
    case 'Unimplemented':
      return failure(
        `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${value.message}`,
      );
    case 'Failed':
      return failure(`error: health rpc probe failed: ${value.message}`);
  }
}

function timeoutMs({ timeoutSeconds }: Probe): number {
  return timeoutSeconds * 1000;
}
