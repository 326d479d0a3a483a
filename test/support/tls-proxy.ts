/** Somebody in the middle: takes TLS connections with a certificate of its own and passes on what it reads, both ways. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { selfSigned } from './self-signed.ts';

export class TlsProxy {
  readonly address: string;
  /** All that clients have sent, in clear. */
  readonly heard: Buffer[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<TLSSocket>();

  private constructor(server: Server) {
    this.#server = server;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** @param port of the server on this machine that it stands before */
  static async start(port: number): Promise<TlsProxy> {
    const { cert, key } = await selfSigned();
    const server = createServer({ cert, key });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new TlsProxy(server);
    server.on('secureConnection', (client) => proxy.#join(client, port));
    server.on('tlsClientError', () => {});
    return proxy;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(client: TLSSocket, port: number): void {
    const server = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
    client.on('data', (chunk: Buffer) => this.heard.push(chunk));
  }
}
