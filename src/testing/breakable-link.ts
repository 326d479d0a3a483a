/** A way to a server of the loopback that can be cut: what passes is reset, and who comes is turned away, until it is mended. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class BreakableLink {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #state: { allowed: number };

  private constructor(port: number, server: Server, sockets: Set<Socket>, state: { allowed: number }) {
    this.port = port;
    this.#server = server;
    this.#sockets = sockets;
    this.#state = state;
  }

  /** @param to port of the server */
  static async open(to: number): Promise<BreakableLink> {
    const sockets = new Set<Socket>();
    const state = { allowed: Infinity };
    const keep = (socket: Socket): void => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => sockets.delete(socket));
    };
    const server = createServer((near) => {
      keep(near);
      if (state.allowed === 0) {
        near.resetAndDestroy();
        return;
      }
      state.allowed--;
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
    this.#state.allowed = 0;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Turns away who comes after so many more; what passes goes on. */
  allow(connections: number): void {
    this.#state.allowed = connections;
  }

  mend(): void {
    this.#state.allowed = Infinity;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
