/** The ports of a session's program on this machine. */
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type LocalPort, listenLocally } from '../../client/local-port.ts';
import { connectToPodPort } from '../../client/pod-port.ts';
import type { CommandContext } from '../context.ts';
import type { PortPair } from '../project/port-pair.ts';
import { UsageError } from '../usage-error.ts';
import { connectPatiently, type ProgramAge } from './patient-connection.ts';

/** `localhost` may be either of them; the first decides. */
const addresses = ['127.0.0.1', '::1'] as const;

/** A port of this machine that leads to one of the program. */
export interface ForwardedPort {
  readonly local: number;
  readonly remote: number;
}

/** Ports that are listened on. */
export interface ForwardedPorts {
  readonly ports: readonly ForwardedPort[];
  /** Takes no more connections, and ends those there are. */
  close(): Promise<void>;
}

/**
 * Listens for each port. One that is taken here is given another number, unless somebody has asked for it.
 *
 * A connection that the program does not take ends at once, as it would here; while it starts it is waited for.
 *
 * @throws UsageError for a port that was asked for and cannot be listened on
 */
export async function forwardPorts(
  pairs: readonly PortPair[],
  pod: { readonly namespace: string; readonly name: string },
  program: () => ProgramAge,
  context: CommandContext,
): Promise<ForwardedPorts> {
  const over = new AbortController();
  const opened: LocalPort[] = [];
  const connections = new Set<Promise<void>>();
  const close = async (): Promise<void> => {
    for (const port of opened) port.close();
    over.abort(new UsageError('the session has ended'));
    await Promise.all(connections);
  };
  const ports: ForwardedPort[] = [];
  try {
    for (const { local, remote } of pairs) {
      const onConnection = (socket: Duplex): void => {
        const connection = join(socket, { ...pod, port: remote }, program, context, over.signal).finally(() =>
          connections.delete(connection),
        );
        connections.add(connection);
      };
      const listening = await listenWhereFree(local, remote, onConnection);
      opened.push(...listening);
      ports.push({ local: listening[0]?.port ?? remote, remote });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { ports, close };
}

async function listenWhereFree(
  asked: number | undefined,
  remote: number,
  onConnection: (socket: Duplex) => void,
): Promise<readonly LocalPort[]> {
  const [main, other] = addresses;
  const first = await listenLocally(main, asked ?? remote, onConnection).catch((cause: NodeJS.ErrnoException) => {
    if (asked === undefined && (cause.code === 'EADDRINUSE' || cause.code === 'EACCES')) {
      return listenLocally(main, 0, onConnection);
    }
    throw new UsageError(
      `cannot listen on port ${asked ?? remote} of this machine: ${cause.code ?? cause.message}`,
      `another one is chosen by --port LOCAL:${remote}`,
      { cause },
    );
  });
  // Not every machine has it.
  const second = await listenLocally(other, first.port, onConnection).catch(() => undefined);
  return second === undefined ? [first] : [first, second];
}

/** Whatever goes wrong with one connection ends nothing else. */
async function join(
  socket: Duplex,
  { namespace, name, port }: { readonly namespace: string; readonly name: string; readonly port: number },
  program: () => ProgramAge,
  context: CommandContext,
  signal: AbortSignal,
): Promise<void> {
  // Who has gone is told by the pipelines.
  socket.on('error', () => {});
  try {
    const { transport } = await context.session();
    const deps = { transport, clock: context.io.clock };
    const connect = (): Duplex => connectToPodPort(deps, { namespace, pod: name, port }, signal);
    const remote = await connectPatiently(connect, { clock: context.io.clock, program }, signal);
    await Promise.all([pipeline(socket, remote), pipeline(remote, socket)]);
  } catch {
    // Whoever has connected sees that it has ended.
  } finally {
    socket.destroy();
  }
}
