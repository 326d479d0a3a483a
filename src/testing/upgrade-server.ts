import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What a server does with an upgrade request. */
export type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** An HTTP server on loopback that only takes upgrades. */
export interface UpgradeServer {
  readonly url: string;
  /** Asks for an upgrade; resolves with the connection when it was granted, else with the refusal. */
  upgrade(path: string, headers: Readonly<Record<string, string>>): Promise<Upgraded | Refused>;
  /** Connections that are open. */
  openSockets(): number;
  close(): void;
}

export interface Upgraded {
  readonly socket: Socket;
  readonly headers: IncomingMessage['headers'];
}

export interface Refused {
  readonly statusCode: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export async function startUpgradeServer(onUpgrade: OnUpgrade): Promise<UpgradeServer> {
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', onUpgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `127.0.0.1:${port}`,
    upgrade: (path, headers) => {
      const { promise, resolve, reject } = Promise.withResolvers<Upgraded | Refused>();
      const asked = request({
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        headers: { connection: 'Upgrade', ...headers },
      });
      asked.on('error', reject);
      asked.on('upgrade', (response, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve({ socket: socket as Socket, headers: response.headers });
      });
      asked.on('response', async (response) => {
        const body = Buffer.concat(await response.toArray()).toString();
        resolve({ statusCode: response.statusCode ?? 0, headers: response.headers, body });
      });
      asked.end();
      return promise;
    },
    openSockets: () => sockets.size,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
