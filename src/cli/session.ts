/** A command's connection to its device: opened once, only when something is asked of it. */
import { eliotProtocol } from '../api/eliot-protocol.ts';
import { HttpObjectClient } from '../client/http-object-client.ts';
import { RestClient, type RestClientDeps } from '../client/rest-client.ts';
import { Transport } from '../client/transport.ts';
import { isStatusError } from '../lib/status-error.ts';
import type { CliIo } from './io.ts';
import { ResourceFinder } from './resources/resource-finder.ts';
import { chooseTarget, type Target, type TargetFlags } from './target.ts';
import { UsageError } from './usage-error.ts';

export interface SessionFlags extends TargetFlags {
  readonly namespace?: string | undefined;
}

export interface Session {
  readonly transport: Transport;
  readonly rest: RestClient;
  /** Writes with strict field validation, as kubectl does. */
  readonly client: HttpObjectClient;
  readonly resources: ResourceFinder;
  /** `--namespace`, else the context's, else `default`. */
  readonly namespace: string;
}

/** Answer of /version. */
export interface VersionAnswer {
  readonly gitVersion: string;
  readonly [key: string]: unknown;
}

/** How a server shows that it is Eliot; `v1.35.2+eliot.0.1.0` does. */
const eliotMark = 'eliot';

/** Is told what the server warns of, and when an answer is waited for. */
export interface SessionListener extends Pick<RestClientDeps, 'onWarning' | 'whileWaiting'> {
  /** A paired device was found at another address, where it is asked from now on. */
  readonly onMoved?: (device: string, server: string) => void;
}

/**
 * Connects to the device that flags and environment name.
 *
 * @throws UsageError when there is none or the server is not Eliot, StatusError when it cannot be reached
 */
export async function openSession(
  flags: SessionFlags,
  io: CliIo,
  signal: AbortSignal,
  listener: SessionListener = {},
): Promise<Session> {
  const target = await chooseTarget(flags, io, signal);
  const rest = await connect(target, signal, listener).catch((error: unknown) =>
    connectElsewhere(target, error, { io, signal, listener }),
  );
  return {
    transport: rest.transport,
    rest,
    client: new HttpObjectClient({ rest, fieldValidation: 'Strict' }),
    resources: new ResourceFinder(rest, signal),
    namespace: flags.namespace ?? target.namespace ?? 'default',
  };
}

async function connect(target: Target, signal: AbortSignal, listener: SessionListener): Promise<RestClient> {
  const transport = new Transport(target.transport);
  const rest = new RestClient({ transport, ...listener });
  try {
    await verify(target, rest, signal);
    return rest;
  } catch (error) {
    transport.close();
    throw error;
  }
}

/** A paired device that cannot be reached where it was may have moved: it is the same wherever its authority is. */
async function connectElsewhere(
  target: Target,
  error: unknown,
  { io, signal, listener }: { readonly io: CliIo; readonly signal: AbortSignal; readonly listener: SessionListener },
): Promise<RestClient> {
  const { paired, transport } = target;
  const isUnreachable = isStatusError(error, 'ServiceUnavailable') || isStatusError(error, 'Timeout');
  if (paired === undefined || !isUnreachable) throw error;
  const { findMoved, rememberMoved } = await import('./devices/moved-device.ts');
  const server = await findMoved(paired, transport, io, signal);
  if (server === undefined) throw error;
  const { elsewhere } = await import('./discovery/elsewhere.ts');
  const rest = await connect({ ...target, transport: elsewhere(transport, server) }, signal, listener);
  await rememberMoved(paired, server, io, signal);
  listener.onMoved?.(paired, server);
  return rest;
}

/** A device says it in the handshake, which saves the question; one behind a proxy, or of an older version, is asked. */
async function saysEliot(transport: Transport, signal: AbortSignal): Promise<boolean> {
  return (await transport.negotiate([eliotProtocol, 'http/1.1'], signal)) === eliotProtocol;
}

/** Eli never changes somebody's production cluster: another server than Eliot is refused before anything else. */
async function verify(target: Target, rest: RestClient, signal: AbortSignal): Promise<void> {
  const { address } = rest.transport;
  if (target.verify.version && !(await saysEliot(rest.transport, signal))) {
    const { gitVersion } = await rest.json<VersionAnswer>({ path: '/version', signal });
    if (!String(gitVersion).includes(eliotMark)) {
      throw new UsageError(
        `${address} is not Eliot but Kubernetes ${gitVersion}: eli never changes somebody's production cluster`,
        'use kubectl for it, or name the kubeconfig of a device with --kubeconfig',
      );
    }
  }
  const { node } = target.verify;
  if (node === undefined) return;
  try {
    await rest.json({ path: `/api/v1/nodes/${encodeURIComponent(node)}`, signal });
  } catch (cause) {
    if (!isStatusError(cause, 'NotFound')) throw cause;
    throw new UsageError(
      `no device named "${node}" found: no context has that name, and the device at ${address} has another one`,
      '"eli get nodes" without --node shows its name; for another device give its kubeconfig with --kubeconfig',
      { cause },
    );
  }
}
