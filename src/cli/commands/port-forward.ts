/** `eli port-forward`: ports of a pod on this machine. */
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isFinished } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { pods } from '../../api/resources.ts';
import { connectToPodPort } from '../../client/pod-port.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { listenOnPorts } from '../forward/listen-on-ports.ts';
import { type PortMapping, parseAddresses, parsePortMapping } from '../forward/port-mapping.ts';
import { Stopped } from '../stopped.ts';
import { UsageError } from '../usage-error.ts';
import { findPod } from './find-pod.ts';
import { followObject } from './follow-object.ts';

export interface PortForwardFlags {
  readonly address?: readonly string[];
  readonly podRunningTimeout?: string;
}

/** Forwards until the pod ends, which is a failure, or Ctrl-C, which is not. */
export async function runPortForward(
  word: string,
  texts: readonly string[],
  flags: PortForwardFlags,
  context: CommandContext,
): Promise<number> {
  if (texts.length === 0) {
    throw new UsageError(
      'TYPE/NAME and list of ports are required for port-forward',
      'for example: eli port-forward web 8080:80',
    );
  }
  const addresses = parseAddresses(flags.address ?? ['localhost']);
  const { pod } = await findPod(word, context, flags.podRunningTimeout);
  const mappings = texts.map((text) => parsePortMapping(text, pod));
  if (pod.status?.phase !== 'Running') {
    throw new UsageError(
      `unable to forward port because pod is not running. Current status=${pod.status?.phase}`,
      `"eli describe pod ${pod.metadata.name}" says why`,
    );
  }
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const connections = new Set<Promise<void>>();
  const ports = await listenOnPorts(mappings, addresses, context, (socket, mapping) => {
    const connection = forwardOne(socket, mapping, pod, context, signal).finally(() => connections.delete(connection));
    connections.add(connection);
  });
  try {
    await untilPodEnds(pod, context);
    throw new UsageError('lost connection to pod', 'it has ended; run the command again when another one runs');
  } catch (error) {
    // As kubectl: whoever presses Ctrl-C has what he wanted.
    if (context.signal.reason instanceof Stopped && context.signal.reason.by === 'SIGINT') return 0;
    throw error;
  } finally {
    for (const port of ports) port.close();
    over.abort(new UsageError('the forwarding has ended'));
    await Promise.all(connections);
  }
}

/** Joins one local connection with one to the pod; what goes wrong with it ends nothing else. */
async function forwardOne(
  socket: Duplex,
  { local, remote }: PortMapping,
  pod: Pod,
  context: CommandContext,
  signal: AbortSignal,
): Promise<void> {
  // Who has gone is told by the pipelines.
  socket.on('error', () => {});
  try {
    await context.print(`Handling connection for ${local}\n`);
    const { transport } = await context.session();
    const { name = '', namespace = '' } = pod.metadata;
    const deps = { transport, clock: context.io.clock };
    const remoteEnd = connectToPodPort(deps, { namespace, pod: name, port: remote }, signal);
    await Promise.all([pipeline(socket, remoteEnd), pipeline(remoteEnd, socket)]);
  } catch (error) {
    // A program here that leaves in the middle is no failure of the pod.
    if (!signal.aborted && isStatusError(error)) {
      context.note(`error: an error occurred forwarding ${local} -> ${remote}: ${error.message}`);
    }
  } finally {
    socket.destroy();
  }
}

/** Resolves when the pod is finished or deleted. */
async function untilPodEnds({ metadata }: Pod, context: CommandContext): Promise<void> {
  const { namespace, name = '', uid } = metadata;
  for await (const object of followObject({ kind: pods, namespace, name }, context, context.signal)) {
    if (object?.metadata.uid !== uid || isFinished(object as unknown as Pod)) return;
  }
}
