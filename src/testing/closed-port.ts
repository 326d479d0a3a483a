/** A port of the loopback on which nobody listens, for sure: it is the near end of a connection, so nobody else gets it. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class ClosedPort {
  readonly port: number;
  readonly #server: Server;
  readonly #socket: Socket;

  private constructor(server: Server, socket: Socket) {
    this.port = socket.localPort ?? 0;
    this.#server = server;
    this.#socket = socket;
  }

  static async hold(): Promise<ClosedPort> {
    const server = createServer((socket) => socket.on('error', () => {}));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    return new ClosedPort(server, socket);
  }

  close(): void {
    this.#socket.destroy();
    this.#server.close();
  }
}
