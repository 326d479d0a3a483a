/** Opens the local ends of a port-forward, in kubectl's words. */
import type { Duplex } from 'node:stream';
import { type LocalPort, listenLocally } from '../../client/local-port.ts';
import { hostPort } from '../../lib/host-port.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';
import type { ListenAddress, PortMapping } from './port-mapping.ts';

/** Called for each local connection, with the port it came to. */
export type OnConnection = (socket: Duplex, mapping: PortMapping) => void;

/** Go's words for why nobody can listen there. */
const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'bind: address already in use',
  EACCES: 'bind: permission denied',
  EADDRNOTAVAIL: 'bind: cannot assign requested address',
  EAFNOSUPPORT: 'socket: address family not supported by protocol',
};

/**
 * Listens for every mapping on every address, and says where.
 *
 * @throws UsageError when not one of the ports can be listened on; those that were opened are closed
 */
export async function listenOnPorts(
  mappings: readonly PortMapping[],
  addresses: readonly ListenAddress[],
  context: CommandContext,
  onConnection: OnConnection,
): Promise<readonly LocalPort[]> {
  const opened: LocalPort[] = [];
  for (const mapping of mappings) {
    const { ports, problems } = await listenOnAddresses(mapping, addresses, context, onConnection);
    opened.push(...ports);
    if (problems.length > 0) {
      const all = problems.join(' ');
      context.note(
        `Unable to listen on port ${mapping.local}: Listeners failed to create with the following errors: [${all}]`,
      );
    }
  }
  if (opened.length > 0) return opened;
  const wanted = mappings.map(({ local, remote }) => `{${local} ${remote}}`).join(' ');
  throw new UsageError(
    `unable to listen on any of the requested ports: [${wanted}]`,
    'another program may use them: ":80" takes any that is free',
  );
}

async function listenOnAddresses(
  { local, remote }: PortMapping,
  addresses: readonly ListenAddress[],
  context: CommandContext,
  onConnection: OnConnection,
): Promise<{ readonly ports: readonly LocalPort[]; readonly problems: readonly string[] }> {
  const ports: LocalPort[] = [];
  const failed: { readonly isOptional: boolean; readonly problem: string }[] = [];
  // The first address that takes any free port decides for all others.
  let port = local;
  for (const { address, isOptional } of addresses) {
    try {
      const opened = await listenLocally(address, port, (socket) => onConnection(socket, { local: port, remote }));
      port = opened.port;
      ports.push(opened);
      await context.print(`Forwarding from ${hostPort(address, port)} -> ${remote}\n`);
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      const where = `listen tcp${address.includes(':') ? 6 : 4} ${hostPort(address, port)}`;
      failed.push({ isOptional, problem: `unable to create listener: Error ${where}: ${reasons[code] ?? message}` });
    }
  }
  const isEnough = ports.length > 0 && failed.every(({ isOptional }) => isOptional);
  return { ports, problems: isEnough ? [] : failed.map(({ problem }) => problem) };
}
