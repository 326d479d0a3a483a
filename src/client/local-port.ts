/** Listens for TCP connections on this machine. */
import { createServer, isIP, type Socket } from 'node:net';

export interface LocalPort {
  /** The one asked for, or with 0 the one that was free. */
  readonly port: number;
  /** Takes no more connections; those there are go on. */
  close(): void;
}

/**
 * Calls `onConnection` for each connection; either side may end its direction first.
 *
 * @param address an IP address
 * @throws Node's error, `code` included, when it cannot listen there
 */
export async function listenLocally(
  address: string,
  port: number,
  onConnection: (socket: Socket) => void,
): Promise<LocalPort> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host: address, port, ipv6Only: address.includes(':') }, resolve);
  await promise;
  // A failure to accept (no file is left to open) is that of one connection.
  server.on('error', () => {});
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    close: () => void server.close(),
  };
}

/** Whether `text` is an IPv4 or IPv6 address. */
export function isIpAddress(text: string): boolean {
  return isIP(text) !== 0;
}
