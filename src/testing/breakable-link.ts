/** A way to a server of the loopback that can be cut: what passes is reset, and who comes is turned away, until it is mended. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class BreakableLink {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #state: { isCut: boolean };

  private constructor(port: number, server: Server, sockets: Set<Socket>, state: { isCut: boolean }) {
    this.port = port;
    this.#server = server;
    this.#sockets = sockets;
    this.#state = state;
  }

  /** @param to port of the server */
  static async open(to: number): Promise<BreakableLink> {
    const sockets = new Set<Socket>();
    const state = { isCut: false };
    const keep = (socket: Socket): void => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => sockets.delete(socket));
    };
    const server = createServer((near) => {
      keep(near);
      if (state.isCut) {
        near.resetAndDestroy();
        return;
      }
      const far = connect(to, '127.0.0.1');
      keep(far);
      near.pipe(far).pipe(near);
      near.once('close', () => far.destroy());
      far.once('close', () => near.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new BreakableLink(address.port, server, sockets, state);
  }

  cut(): void {
    this.#state.isCut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  mend(): void {
    this.#state.isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
